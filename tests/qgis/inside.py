"""What happens inside QGIS: run by Debian's Python, which has QGIS; told and telling in JSON.

`/usr/bin/python3 inside.py STEP {...}` opens the project that is stored in the database, does one
step as a planner would, and prints what came of it. Knows nothing of this repository.
"""

import json
import sys
from typing import Any

from qgis.core import (  # type: ignore[import-not-found]
    QgsApplication,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QSize  # type: ignore[import-not-found]
from qgis.PyQt.QtGui import QColor  # type: ignore[import-not-found]

PROJECT = "postgresql:?service=tidegrid&sslmode=disable&dbname=&schema=public&project=tidegrid"


def say(value: Any) -> None:
    """One line for whoever runs this."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def look(project: Any, _asked: Any) -> Any:
    """What the project holds."""
    layers = {
        layer.id().removeprefix("tidegrid_"): {
            "name": layer.name(),
            "valid": layer.isValid(),
            "features": sum(1 for _ in layer.getFeatures()),
            "read_only": layer.readOnly(),
            "written": [
                f.name()
                for n, f in enumerate(layer.fields())
                if not layer.editFormConfig().readOnly(n)
            ],
            "aliases": {f.name(): f.alias() for f in layer.fields()},
            "widgets": {
                f.name(): layer.editorWidgetSetup(n).type() for n, f in enumerate(layer.fields())
            },
        }
        for layer in project.mapLayers().values()
    }
    config = project.snappingConfig()
    return {
        "crs": project.crs().authid(),
        "topological": project.topologicalEditing(),
        "snapping": config.enabled(),
        "layers": layers,
        "groups": [group.name() for group in project.layerTreeRoot().findGroups()],
    }


def draw(project: Any, asked: Any) -> Any:
    """Pictures of the project: the whole city, and its middle."""
    view = project.viewSettings().defaultViewExtent()
    box = QgsCoordinateTransform(view.crs(), project.crs(), project).transformBoundingBox(view)
    middle = box.center()
    near = QgsRectangle.fromCenterAndSize(middle, 0.007, 0.005)
    told = {}
    for name, extent in (("city", box), ("middle", near)):
        settings = QgsMapSettings()
        settings.setLayers(project.layerTreeRoot().checkedLayers())
        settings.setOutputSize(QSize(1400, 1000))
        settings.setDestinationCrs(project.crs())
        settings.setBackgroundColor(project.backgroundColor())
        settings.setExtent(extent)
        job = QgsMapRendererSequentialJob(settings)
        job.start()
        job.waitForFinished()
        image = job.renderedImage()
        image.save(f"{asked['folder']}/qgis-{name}.png")
        pixels = {image.pixel(x, y) for x in range(1400) for y in range(0, 1000, 3)}
        colours = [QColor(pixel).getRgb()[:3] for pixel in pixels]
        told[name] = {"errors": len(job.errors()), "colours": colours}
    return told


def edit(project: Any, asked: Any) -> Any:
    """One edit session: the asked changes, then Save; several rounds if asked."""
    layer = project.mapLayer("tidegrid_" + asked["layer"])
    told = []
    for changes in asked["rounds"]:
        if not layer.isEditable():
            layer.startEditing()
        for change in changes:
            CHANGES[change["do"]](layer, change)
        if asked.get("meanwhile"):
            say({"ready": True})
            sys.stdin.readline()
        saved = layer.commitChanges(False)
        told.append({"saved": saved, "errors": layer.commitErrors()})
        if not saved:
            layer.rollBack()
    return told


def feature_of(layer: Any, change: Any) -> Any:
    column = change.get("key", "code")
    (found,) = layer.getFeatures(f"\"{column}\" = '{change['code']}'")
    return found


def rename(layer: Any, change: Any) -> Any:
    found = feature_of(layer, change)
    column = change.get("column", "name")
    layer.changeAttributeValue(found.id(), layer.fields().indexOf(column), change["to"])


def reshape(layer: Any, change: Any) -> Any:
    """Move the first vertex, as with the vertex tool."""
    found = feature_of(layer, change)
    vertex = found.geometry().vertexAt(0)
    layer.moveVertex(vertex.x() + change["dx"], vertex.y(), found.id(), 0)


def redraw(layer: Any, change: Any) -> Any:
    layer.changeGeometry(feature_of(layer, change).id(), QgsGeometry.fromWkt(change["wkt"]))


def add(layer: Any, change: Any) -> Any:
    shape = QgsGeometry.fromWkt(change["wkt"])
    values = {layer.fields().indexOf(name): value for name, value in change["values"].items()}
    layer.addFeature(QgsVectorLayerUtils.createFeature(layer, shape, values))


def paste(layer: Any, change: Any) -> Any:
    """Many features at once, from a layer that knows nothing of ours but name and code."""
    features = []
    for number in range(change["count"]):
        feature = QgsFeature()
        x, y = change["x"] + number % 25 * 1e-4, change["y"] + number // 25 * 1e-4
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(x, y)))
        feature.setFields(layer.fields())
        feature["code"], feature["name"] = f"{change['code']}{number}", "粘贴"
        features.append(feature)
    made = QgsVectorLayerUtils.makeFeaturesCompatible(features, layer)
    for feature in made:
        given = {n: v for n, v in enumerate(feature.attributes()) if v}
        layer.addFeature(QgsVectorLayerUtils.createFeature(layer, feature.geometry(), given))


def delete(layer: Any, change: Any) -> Any:
    layer.deleteFeature(feature_of(layer, change).id())


def split(layer: Any, change: Any) -> Any:
    layer.selectByExpression(f"\"code\" = '{change['code']}'")
    line = [QgsPointXY(*point) for point in change["line"]]
    told = layer.splitFeatures(line, False)
    assert told == 0, told
    # The new part has the old one's code: a planner gives it another.
    for found in layer.editBuffer().addedFeatures():
        layer.changeAttributeValue(found, layer.fields().indexOf("code"), change["new_code"])


CHANGES = {
    "rename": rename, "reshape": reshape, "redraw": redraw, "add": add, "paste": paste,
    "delete": delete, "split": split,
}  # fmt: skip

if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    if not project.read(PROJECT):
        sys.exit(f"the project cannot be read: {project.error()}")
    steps = {"look": look, "draw": draw, "edit": edit}
    say(steps[sys.argv[1]](project, json.loads(sys.argv[2])))
    project.clear()
    application.exitQgis()
