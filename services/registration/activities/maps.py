"""Ways to a venue in whatever map a person uses: links alone, nothing is fetched from a map.

With coordinates (degrees, WGS 84) the very place; without them a search for what is written.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from services.chassis.i18n import lazy, localized
from services.chassis.reference import city
from services.registration.activities.schemas import ActivityOut

AMAP = lazy("Amap")
BAIDU = lazy("Baidu Maps")
OSM = lazy("OpenStreetMap")
# Who asks: both Chinese maps want a name in every link.
_SOURCE = "lingbao"


def map_links(activity: ActivityOut) -> list[tuple[str, str]]:
    """Maps that open in a browser, or in their own program on a telephone: ``(name, address)``."""
    links = _searches(activity) if _point(activity) is None else _points(activity)
    return [(str(name), address) for name, address in links]


def map_url(activity: ActivityOut) -> str:
    """The first of :func:`map_links`, where there is room for one."""
    return map_links(activity)[0][1]


def geo_uri(activity: ActivityOut) -> str | None:
    """The place as a ``geo:`` address (RFC 5870), for the telephone's own choice of a program."""
    point = _point(activity)
    if point is None:
        return None
    # The query part is Android's: it shows the pin with its name.
    label = quote(f"{point[0]},{point[1]}({_name(activity)})", safe=",()")
    return f"geo:{point[0]},{point[1]}?q={label}"


def _points(activity: ActivityOut) -> list[tuple[object, str]]:
    latitude, longitude = activity.latitude, activity.longitude
    name = _name(activity)
    # lbs.amap.com/api/uri-api/guide/mobile-web/point
    amap = {"position": f"{longitude},{latitude}", "name": name, "coordinate": "wgs84"}
    # lbsyun.baidu.com/faq/api?title=webapi/uri/web
    baidu = {"location": f"{latitude},{longitude}", "title": name, "content": name,
             "coord_type": "wgs84", "output": "html"}  # fmt: skip
    osm = urlencode({"mlat": latitude, "mlon": longitude})
    return [
        (AMAP, f"https://uri.amap.com/marker?{urlencode(amap | {'src': _SOURCE})}"),
        (BAIDU, f"https://api.map.baidu.com/marker?{urlencode(baidu | {'src': _SOURCE})}"),
        (OSM, f"https://www.openstreetmap.org/?{osm}#map=17/{latitude}/{longitude}"),
    ]


def _searches(activity: ActivityOut) -> list[tuple[object, str]]:
    # The maps are searched in Chinese, which they know best.
    written = (activity.venue["address"], activity.venue["name"])
    place = " ".join(text for texts in written if (text := localized(texts, "zh-CN")))
    town = localized(city().name, "zh-CN")
    amap = {"keyword": place, "city": town, "src": _SOURCE}
    baidu = {"query": place, "region": town, "output": "html", "src": _SOURCE}
    return [
        (AMAP, f"https://uri.amap.com/search?{urlencode(amap)}"),
        (BAIDU, f"https://api.map.baidu.com/place/search?{urlencode(baidu)}"),
        (OSM, f"https://www.openstreetmap.org/search?{urlencode({'query': f'{town} {place}'})}"),
    ]


def _point(activity: ActivityOut) -> tuple[float, float] | None:
    if activity.latitude is None or activity.longitude is None:
        return None
    return activity.latitude, activity.longitude


def _name(activity: ActivityOut) -> str:
    return localized(activity.venue["name"])
