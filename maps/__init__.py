"""The pictures: Folium pages, their styles and scripts."""
