"""Our errors as RFC 9457 problems: one table, one shape, nothing told that was not meant to be."""

from __future__ import annotations

import logging
import re
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from geo import errors as e

logger = logging.getLogger("tidegrid.api")


class Kind(NamedTuple):
    """How an error is told: status and title in both languages."""

    status: int
    title_en: str
    title_zh: str


PROBLEMS: dict[type[e.TidegridError], Kind] = {
    e.InvalidCoordinate: Kind(422, "Coordinate not usable", "坐标无效"),
    e.InvalidBBox: Kind(422, "Box not usable", "范围框无效"),
    e.InvalidGeometry: Kind(422, "Geometry not usable", "图形无效"),
    e.InvalidInstant: Kind(422, "Time not usable", "时间无效"),
    e.InvalidSchedule: Kind(422, "Opening hours not readable", "开放时间无法识别"),
    e.InvalidParameter: Kind(422, "Parameter not usable", "参数无效"),
    e.UnknownCrs: Kind(422, "Coordinate reference system not known", "坐标系未知"),
    e.UnknownKind: Kind(422, "Kind not known", "类型未知"),
    e.NotFound: Kind(404, "Not found", "未找到"),
    e.NotAuthenticated: Kind(401, "Token needed", "需要访问令牌"),
    e.NotAllowed: Kind(403, "Not allowed", "无权访问"),
    e.NotOnDuty: Kind(409, "Not on duty", "不在岗"),
    e.TooLarge: Kind(413, "Too large", "请求过大"),
    e.Unavailable: Kind(503, "Not available now", "暂时不可用"),
    e.Crowded: Kind(503, "No room now", "连接已满"),
    e.ImportRefused: Kind(422, "Import refused", "导入被拒绝"),
    e.EditRefused: Kind(409, "Edit refused", "修改被拒绝"),
    e.PublicationRefused: Kind(409, "Publication refused", "发布被拒绝"),
    e.ChromiumError: Kind(503, "Browser not available", "浏览器不可用"),
    e.ClusterError: Kind(503, "Database not available", "数据库不可用"),
}
_TITLES_ZH = {404: "未找到", 405: "方法不支持", 414: "地址过长", 422: "请求无效", 500: "内部错误"}


def problem(
    request: Request, status: int, kind: str, title_en: str, title_zh: str, detail: str, **more: Any
) -> JSONResponse:
    """Return a problem in the reader's language; the detail says what to change."""
    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    body = {
        "type": f"urn:tidegrid:problem:{kind}",
        "title": title_zh if chinese else title_en,
        "status": status,
        "detail": detail,
    }
    headers = {"WWW-Authenticate": 'Bearer realm="tidegrid"'} if status == 401 else {}
    if status == 503:
        headers["Retry-After"] = "2"
    # Errors must not outlive their cause in anybody's cache.
    headers["Cache-Control"] = "no-store"
    return JSONResponse(body | more, status, headers=headers, media_type="application/problem+json")


def install_error_handlers(app: FastAPI) -> None:
    """Make every 4xx and 5xx of the app a problem."""
    app.add_exception_handler(e.TidegridError, _ours)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, e.TidegridError)
    kind = next(kind for kind in type(error).__mro__ if kind in PROBLEMS)
    found = PROBLEMS[kind]
    # Those who are turned away would fill the log.
    if found.status >= 500 and kind is not e.Crowded:
        logger.error("%s %s: %s", request.method, request.url.path, error)
    return problem(request, found.status, slug(kind), found.title_en, found.title_zh, str(error))


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [
        {
            "in": str(one["loc"][0]) if one["loc"] else "request",
            "field": ".".join(str(part) for part in one["loc"][1:]),
            "message": one["msg"],
        }
        for one in error.errors()[:20]
    ]
    detail = "; ".join(f"{one['field'] or one['in']}: {one['message']}" for one in found)
    return problem(
        request, 422, "invalid-request", "Request not usable", "请求无效", detail, errors=found
    )


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    title = str(error.detail)
    chinese = _TITLES_ZH.get(error.status_code, title)
    answer = problem(request, error.status_code, f"http-{error.status_code}", title, chinese, title)
    answer.headers.update(error.headers or {})
    return answer


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Log it whole, tell nothing of it: an exception's text may hold data or secrets."""
    logger.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(
        request, 500, "internal", "Internal error", "内部错误",
        "The service failed to answer; the failure has been logged.",
    )  # fmt: skip


def slug(error: type[Exception]) -> str:
    """Return the word for an error in the type of a problem."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()
