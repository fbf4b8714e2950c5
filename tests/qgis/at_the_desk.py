"""What happens at a planner's desk: the real QGIS program, with its menus, tools, forms and mouse.

Run by `qgis --code` on a screen that nobody sees. Each line that comes in is a gesture in JSON,
each line that goes out and begins with @ what came of it. Knows nothing of this repository.
"""

import json
import os
import sys
import traceback
from collections import Counter
from typing import Any

from qgis.core import (  # type: ignore[import-not-found]
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
)
from qgis.PyQt.QtCore import (  # type: ignore[import-not-found]
    QPoint,
    QSocketNotifier,
    Qt,
    QTimer,
)
from qgis.PyQt.QtGui import QImage  # type: ignore[import-not-found]
from qgis.PyQt.QtTest import QTest  # type: ignore[import-not-found]
from qgis.PyQt.QtWidgets import (  # type: ignore[import-not-found]
    QAbstractButton,
    QAction,
    QApplication,
    QCheckBox,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QMenu,
    QScrollArea,
    QTableView,
    QToolBar,
    QToolButton,
)
from qgis.utils import iface  # type: ignore[import-not-found]

PAUSE_MS = 100
COLOURS, COMMON = 256, 32
SHADE = 0xE0E0E0  # what a colour is roughly
PROJECT = "postgresql:?service=tidegrid&sslmode=disable&dbname=&schema=public&project=tidegrid"
DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")


# --- windows --------------------------------------------------------------------------------------


def arrange(asked: Any) -> None:
    """Put the window in shape: toolbars that editing needs, no browser."""
    desk = iface.mainWindow()
    desk.setGeometry(0, 0, asked["width"], asked["height"])
    desk.findChild(QDockWidget, "Browser").close()
    for name in asked["toolbars"]:
        desk.findChild(QToolBar, name).show()


def windows(_asked: Any) -> Any:
    """The names of all windows but the main one, and of what was just said in the message bar."""
    return [one.objectName() for one in QApplication.topLevelWidgets() if one.isVisible()]


def window(name: str) -> Any:
    """The window whose name begins so."""
    found = [
        one
        for one in QApplication.topLevelWidgets()
        if one.isVisible() and one.objectName().startswith(name)
    ]
    assert found, (name, windows(None))
    return found[0]


def press(asked: Any) -> None:
    """Choose an entry of a menu or of a toolbar."""
    action = iface.mainWindow().findChild(QAction, asked["action"])
    assert action is not None
    assert action.isEnabled(), asked
    later(action.trigger)


def choose(asked: Any) -> None:
    """Choose an entry of a menu that is made when it opens."""
    menu = iface.mainWindow().findChild(QMenu, asked["menu"])
    menu.aboutToShow.emit()
    (entry,) = [one for one in menu.actions() if one.text().startswith(asked["entry"])]
    later(entry.trigger)


def fill(asked: Any) -> None:
    """Write into the fields of a window."""
    for name, value in asked["fields"].items():
        field = visible(window(asked["window"]), name)
        bring_up(field)
        if isinstance(field, QCheckBox):
            field.setChecked(value)
        elif isinstance(field, QComboBox):
            field.setCurrentText(value)
            assert field.currentText() == value, [field.itemText(n) for n in range(field.count())]
        else:
            field.setText(value)


def click(asked: Any) -> None:
    """Click a button, known by its name, by that of its action, or by what stands on it."""
    for one in window(asked["window"]).findChildren(QAbstractButton):
        action = one.defaultAction() if isinstance(one, QToolButton) else None
        names = (one.objectName(), one.text().replace("&", ""), action and action.objectName())
        if one.isVisible() and asked["button"] in names:
            later(one.click)
            return
    raise AssertionError(asked["button"])


def close(asked: Any) -> None:
    """Close a window."""
    later(window(asked["window"]).close)


def visible(within: Any, name: str) -> Any:
    """A field of a window by its name."""
    kinds = (QLineEdit, QComboBox, QCheckBox)
    found = [one for kind in kinds for one in within.findChildren(kind, name) if one.isVisible()]
    assert found, name
    return found[0]


def bring_up(field: Any) -> None:
    """Scroll a field of a long form into view, with what stands below it."""
    around = field.parentWidget()
    while around is not None and not isinstance(around, QScrollArea):
        around = around.parentWidget()
    if around is not None:
        around.ensureWidgetVisible(field, 0, around.height() // 2)


def place(asked: Any) -> None:
    """Move a window."""
    window(asked["window"]).setGeometry(*asked["box"])


# --- the map --------------------------------------------------------------------------------------


def layer_of(asked: Any) -> Any:
    """A layer of the project."""
    return QgsProject.instance().mapLayer("tidegrid_" + asked["layer"])


def open(_asked: Any) -> None:
    """Open the stored project without the menu."""
    assert iface.addProject(PROJECT)


def project(_asked: Any) -> Any:
    """What is open."""
    opened = QgsProject.instance()
    return {
        "title": opened.title(),
        "layers": len(opened.mapLayers()),
        "valid": all(one.isValid() for one in opened.mapLayers().values()),
        "topological": opened.topologicalEditing(),
    }


def activate(asked: Any) -> None:
    """Choose a layer in the tree."""
    iface.setActiveLayer(layer_of(asked))


def zoom(asked: Any) -> None:
    """Bring a feature into view."""
    layer, canvas = layer_of(asked), iface.mapCanvas()
    (found,) = layer.getFeatures(f"\"code\" = '{asked['code']}'")
    shown = QgsCoordinateTransform(
        layer.crs(), canvas.mapSettings().destinationCrs(), QgsProject.instance()
    ).transformBoundingBox(found.geometry().boundingBox())
    shown.scale(asked["times"])
    canvas.setExtent(shown)
    canvas.refresh()


def tap(asked: Any) -> None:
    """Go to a place with the mouse and click there."""
    canvas = iface.mapCanvas()
    place = QgsCoordinateTransform(
        DEGREES, canvas.mapSettings().destinationCrs(), QgsProject.instance()
    ).transform(QgsPointXY(*asked["at"]))
    pixel = canvas.getCoordinateTransform().transform(place)
    spot = QPoint(round(pixel.x()), round(pixel.y()))
    # Tools look for what is near while the mouse moves, not when it is pressed.
    for away in (3, 1, 0):
        QTest.mouseMove(canvas.viewport(), spot + QPoint(away, 0))
        QTest.qWait(PAUSE_MS)
    button = Qt.RightButton if asked.get("right") else Qt.LeftButton
    keys = Qt.ShiftModifier if asked.get("adding") else Qt.NoModifier
    QTest.mouseClick(canvas.viewport(), button, keys, spot)


def form(asked: Any) -> None:
    """Open the form of what lies at a place, as the tool "identify" does."""
    layer, spot = layer_of(asked), QgsGeometry.fromPointXY(QgsPointXY(*asked["at"]))
    (found,) = [one for one in layer.getFeatures() if one.geometry().contains(spot)]
    later(lambda: iface.openFeatureForm(layer, found, False, False))


def table(asked: Any) -> None:
    """Open the table of a layer."""
    later(lambda: iface.showAttributeTable(layer_of(asked)))


def row(asked: Any) -> None:
    """Click the head of a row of a table that is open."""
    view = next(
        one for one in window("QgsAttributeTableDialog").findChildren(QTableView) if one.isVisible()
    )
    heads = view.verticalHeader()
    spot = QPoint(4, heads.sectionViewportPosition(asked["number"]) + 4)
    QTest.mouseClick(heads.viewport(), Qt.LeftButton, Qt.NoModifier, spot)


def edits(asked: Any) -> Any:
    """What the edit session of a layer holds, by code."""
    layer = layer_of(asked)
    buffer = layer.editBuffer()
    if buffer is None:
        return None
    return {
        "reshaped": sorted(layer.getFeature(one)["code"] for one in buffer.changedGeometries()),
        "added": sorted(one["code"] for one in buffer.addedFeatures().values()),
        "deleted": len(buffer.deletedFeatureIds()),
    }


def selected(asked: Any) -> Any:
    """How much is selected, and in which colour."""
    return layer_of(asked).selectedFeatureCount(), iface.mapCanvas().selectionColor().name()


def reload(_asked: Any) -> None:
    """Read all layers anew: View, Refresh."""
    iface.mapCanvas().refreshAllLayers()


def messages(_asked: Any) -> Any:
    """What the message bar says; it is empty afterwards."""
    told = [f"{one.title()}: {one.text()}" for one in iface.messageBar().items()]
    iface.messageBar().clearWidgets()
    return told


def bar(_asked: Any) -> Any:
    """What the message bar says; it stays."""
    return [f"{one.title()}: {one.text()}" for one in iface.messageBar().items()]


def more(_asked: Any) -> None:
    """Have the message bar tell more."""
    later(iface.messageBar().currentItem().findChildren(QAbstractButton)[0].click)


# --- pictures -------------------------------------------------------------------------------------


def rest(asked: Any) -> None:
    """Wait until the map is drawn."""
    iface.mapCanvas().waitWhileRendering()
    QTest.qWait(asked.get("ms", PAUSE_MS))


def picture(asked: Any) -> None:
    """Keep what is on the screen, or in one window."""
    rest({"ms": 500})
    if "window" in asked:
        keep(window(asked["window"]).grab().toImage(), asked["path"])
        return
    size = iface.mainWindow().size()
    screen = QApplication.primaryScreen()
    keep(screen.grabWindow(0, 0, 0, size.width(), size.height()).toImage(), asked["path"])


def shrink(asked: Any) -> None:
    """Keep a picture from elsewhere in the same way."""
    keep(QImage(asked["path"]), asked["path"])


def keep(image: Any, path: str) -> None:
    """Save in few colours, which is a third of the size: the most common, and one of each shade."""
    image = image.convertToFormat(QImage.Format_RGB32)
    pixels = image.constBits().asstring(image.sizeInBytes())
    seen = [colour for colour, _ in Counter(memoryview(pixels).cast("I")).most_common()]
    shades: dict[int, int] = {}
    for colour in seen[COMMON:]:
        shades.setdefault(colour & SHADE, colour)
    palette = (seen[:COMMON] + list(shades.values()))[:COLOURS]
    indexed = image.convertToFormat(QImage.Format_Indexed8, palette, Qt.AvoidDither)
    assert indexed.save(path, "PNG", 0)


# --- the conversation -----------------------------------------------------------------------------

GESTURES = {
    one.__name__: one
    for one in (
        activate, arrange, bar, choose, click, close, edits, fill, form, messages, more, open,
        picture, place, press, project, reload, rest, row, selected, shrink, table, tap, windows,
        zoom,
    )
}  # fmt: skip


put_off: list[Any] = []
"""What the gesture under way is to do when it has been answered."""


def later(act: Any) -> None:
    """Act after the answer: what opens a window that waits for people does not come back before."""
    put_off.append(act)


def say(told: Any) -> None:
    """One line for whoever holds the hand."""
    sys.stdout.write("@" + json.dumps(told, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def answer(_descriptor: int) -> None:
    """Make the next gesture; also while a window waits for people, from within its own loop."""
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    asked = json.loads(line)
    try:
        told = {"told": GESTURES[asked["do"]](asked)}
    except Exception:
        told = {"trouble": traceback.format_exc()}
    if put_off:
        # Not in here: a gesture that waits for a window would be waited for by the next one.
        QTimer.singleShot(0, lambda: act(told, put_off.pop()))
    else:
        say(told)


def act(told: Any, what: Any) -> None:
    """Answer, and then do what was put off."""
    say(told)
    what()


ears = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Read)
ears.activated.connect(answer)
say({})
