"""News waits to be loaded, and says since when."""

from __future__ import annotations

from data.live.news import News


def test_what_comes_first_says_since_when() -> None:
    news = News()
    assert news.since is None

    news.came(5.0)
    news.came(7.0)

    assert news.since == 5.0
    assert news.has_come.is_set()


def test_what_comes_while_older_news_is_loaded_waits_for_the_next_turn() -> None:
    news = News()
    news.came(5.0)
    news.take()
    assert not news.has_come.is_set()
    assert news.since == 5.0

    news.came(7.0)
    assert news.since == 5.0
    news.known()

    assert news.since == 7.0
    assert news.has_come.is_set()


def test_a_constant_stream_that_is_loaded_in_time_never_grows_old() -> None:
    news = News()
    news.came(0.0)
    for second in range(100):
        news.take()
        news.came(second + 1.0)
        news.known()
        assert news.since == second + 1.0


def test_what_could_not_be_loaded_comes_back_with_its_age() -> None:
    news = News()
    news.came(5.0)
    news.take()
    news.came(7.0)

    news.put_back()

    assert news.since == 5.0
    assert news.has_come.is_set()


def test_nothing_taken_is_nothing_to_put_back() -> None:
    news = News()
    news.take()
    news.put_back()
    assert news.since is None
    assert not news.has_come.is_set()
