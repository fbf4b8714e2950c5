"""the city: tables, clock, history, roles

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from data.migrations.sql import run_sql

revision = "0001"
down_revision = None


def geometry(geometry_type: str) -> Geometry:
    """A typed WGS 84 column; its index is made by name below."""
    return Geometry(geometry_type, srid=4326, spatial_index=False)


branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False, comment="日期 · the day"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="按何日执行 · PH for a holiday, or the weekday whose hours a make-up workday has",
        ),
        sa.Column("name_zh", sa.Text(), nullable=False, comment="中文名 · Chinese name"),
        sa.Column("name_en", sa.Text(), nullable=False, comment="英文名 · English name"),
        sa.CheckConstraint(
            "kind IN ('PH','Mo','Tu','We','Th','Fr','Sa','Su')", name=op.f("ck_calendar_days_kind")
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
        schema="city",
        comment="节假日与调休 · public holidays and make-up workdays",
    )
    op.create_table(
        "calendar_years",
        sa.Column(
            "year", sa.Integer(), autoincrement=False, nullable=False, comment="年份 · the year"
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="来源 · where the days were taken from"
        ),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
        schema="city",
        comment="已公布年份 · years whose holidays have been announced",
    )
    op.create_table(
        "code_lists",
        sa.Column("scheme", sa.Text(), nullable=False, comment="代码体系 · which list"),
        sa.Column("version", sa.Text(), nullable=False, comment="版本 · edition of the list"),
        sa.Column("code", sa.Text(), nullable=False, comment="代码 · the code"),
        sa.Column("name_zh", sa.Text(), nullable=False, comment="中文名 · Chinese name"),
        sa.Column(
            "name_en", sa.Text(), server_default="", nullable=False, comment="英文名 · English name"
        ),
        sa.Column(
            "is_extension",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="是否扩展 · whether the city added it",
        ),
        sa.PrimaryKeyConstraint("scheme", "version", "code", name=op.f("pk_code_lists")),
        schema="city",
        comment="代码表 · published code lists: the same code differs by list",
    )
    op.create_table(
        "generations",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column(
            "published_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="发布时间 · when",
        ),
        sa.Column("published_by", sa.Text(), nullable=False, comment="发布人 · who"),
        sa.Column("note", sa.Text(), server_default="", nullable=False, comment="说明 · what for"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generations")),
        schema="city",
        comment="发布记录 · what was published when by whom",
    )
    op.create_table(
        "history",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("table_name", sa.Text(), nullable=False, comment="表 · schema and table"),
        sa.Column("row_id", sa.BigInteger(), nullable=False, comment="行号 · number of the row"),
        sa.Column("action", sa.Text(), nullable=False, comment="操作 · INSERT, UPDATE or DELETE"),
        sa.Column(
            "before",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="变更前 · the row before",
        ),
        sa.Column(
            "after",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="变更后 · the row after",
        ),
        sa.Column(
            "changed_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="时间 · when",
        ),
        sa.Column(
            "changed_by",
            sa.Text(),
            server_default=sa.text("session_user"),
            nullable=False,
            comment="操作人 · which login",
        ),
        sa.Column(
            "application",
            sa.Text(),
            server_default=sa.text("current_setting('application_name')"),
            nullable=False,
            comment="程序 · which program",
        ),
        sa.CheckConstraint(
            "action IN ('INSERT','UPDATE','DELETE')", name=op.f("ck_history_action")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        schema="city",
        comment="变更历史 · every row change, with the row before and after",
    )
    op.create_index(
        "ix_history_row", "history", ["table_name", "row_id"], unique=False, schema="city"
    )
    op.create_table(
        "kinds",
        sa.Column("family", sa.Text(), nullable=False, comment="大类 · what it is a kind of"),
        sa.Column("slug", sa.Text(), nullable=False, comment="标识 · the word used in addresses"),
        sa.Column("name_zh", sa.Text(), nullable=False, comment="中文名 · Chinese name"),
        sa.Column("name_en", sa.Text(), nullable=False, comment="英文名 · English name"),
        sa.Column(
            "is_public",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="是否公开 · whether the public may see it; closed by default",
        ),
        sa.Column(
            "is_exclusive",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="是否互斥 · whether areas of this kind never overlap",
        ),
        sa.Column(
            "national_code",
            sa.Text(),
            nullable=True,
            comment="国标代码 · code in the national list of components, where one is known",
        ),
        sa.CheckConstraint(
            "family IN ('area', 'stall_zone', 'facility', 'officer_role', 'event')",
            name=op.f("ck_kinds_family"),
        ),
        sa.CheckConstraint("slug ~ '^[a-z][a-z0-9_]*$'", name=op.f("ck_kinds_slug")),
        sa.PrimaryKeyConstraint("family", "slug", name=op.f("pk_kinds")),
        schema="city",
        comment="类型 · kinds, with names in both languages; data, not code",
    )
    op.create_table(
        "layers",
        sa.Column("name", sa.Text(), nullable=False, comment="图层 · layer"),
        sa.Column(
            "revision",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="修订号 · rises with every change",
        ),
        sa.Column(
            "changed_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="时间 · last change",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_layers")),
        schema="city",
        comment="图层时钟 · revision of each layer; every cache hangs on it",
    )
    op.create_table(
        "officers",
        sa.Column("code", sa.Text(), nullable=False, comment="工号 · staff number"),
        sa.Column("name", sa.Text(), nullable=False, comment="姓名 · name"),
        sa.Column("phone", sa.Text(), server_default="", nullable=False, comment="电话 · phone"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_officers")),
        schema="city",
        comment="网格人员 · grid staff; personal data, internal only",
    )
    op.create_table(
        "overrides",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("family", sa.Text(), nullable=False, comment="大类 · stall_zone or facility"),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · the kind it holds for"),
        sa.Column(
            "code", sa.Text(), nullable=True, comment="编号 · the place; empty: all of the kind"
        ),
        sa.Column(
            "dates", postgresql.DATERANGE(), nullable=False, comment="日期 · the days it holds"
        ),
        sa.Column(
            "opens",
            sa.Boolean(),
            nullable=False,
            comment="开或闭 · opens what is closed, or closes",
        ),
        sa.Column(
            "hours",
            sa.Text(),
            nullable=True,
            comment="当日时间 · hours of those days, if not all day",
        ),
        sa.Column(
            "reason_zh",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="中文原因 · reason in Chinese",
        ),
        sa.Column(
            "reason_en",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="英文原因 · reason in English",
        ),
        sa.CheckConstraint("NOT isempty(dates)", name=op.f("ck_overrides_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
        schema="city",
        comment="临时调整 · dated exceptions: festivals, notices, weather",
    )
    op.create_table(
        "readings",
        sa.Column(
            "target", sa.Text(), nullable=False, comment="对象 · what it is about, family:kind:code"
        ),
        sa.Column(
            "measure", sa.Text(), nullable=False, comment="指标 · what is counted, such as free"
        ),
        sa.Column("value", sa.Double(), nullable=False, comment="数值 · the value"),
        sa.Column(
            "observed_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="观测时间 · when it was so",
        ),
        sa.Column(
            "valid_for", postgresql.INTERVAL(), nullable=False, comment="有效时长 · for how long"
        ),
        sa.Column(
            "source", sa.Text(), server_default="", nullable=False, comment="来源 · who says so"
        ),
        sa.CheckConstraint("value >= 0", name=op.f("ck_readings_value")),
        sa.PrimaryKeyConstraint("target", "measure", name=op.f("pk_readings")),
        schema="city",
        comment="实时读数 · live values, each with its age and validity",
    )
    op.create_table(
        "schedules",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column(
            "hours",
            sa.Text(),
            nullable=False,
            comment="时间规则 · hours, in OSM opening_hours notation",
        ),
        sa.Column(
            "time_zone",
            sa.Text(),
            server_default="Asia/Shanghai",
            nullable=False,
            comment="时区 · time zone of the hours",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("hours", "time_zone", name=op.f("uq_schedules_hours_time_zone")),
        schema="city",
        comment="开放时间 · opening hours; shared by places, never edited",
    )
    op.create_table(
        "tokens",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="名称 · whom or what it is for"),
        sa.Column("digest", sa.Text(), nullable=False, comment="摘要 · SHA-256 of the token"),
        sa.Column(
            "scopes", postgresql.ARRAY(sa.Text()), nullable=False, comment="权限 · what it may do"
        ),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="创建时间 · since when",
        ),
        sa.Column(
            "expires_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="到期时间 · until when",
        ),
        sa.Column(
            "revoked_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="吊销时间 · taken back when",
        ),
        sa.CheckConstraint(
            "scopes <@ ARRAY['query', 'position', 'reading', 'publish']",
            name=op.f("ck_tokens_scopes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
        schema="city",
        comment="访问令牌 · access tokens, stored as hashes",
    )
    op.create_table(
        "stalls",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column(
            "zone_code", sa.Text(), nullable=False, comment="疏导区编号 · code of the stall zone"
        ),
        sa.Column(
            "number", sa.Text(), nullable=False, comment="摊位号 · number of the stall in its zone"
        ),
        sa.Column(
            "goods", sa.Text(), server_default="", nullable=False, comment="经营品类 · goods"
        ),
        sa.Column(
            "state", sa.Text(), server_default="normal", nullable=False, comment="状态 · state"
        ),
        sa.Column(
            "geom",
            geometry("POINT"),
            nullable=False,
            comment="位置 · place, WGS 84",
        ),
        sa.Column(
            "edited_by",
            sa.Text(),
            server_default=sa.text("session_user"),
            nullable=False,
            comment="编辑人 · who edited last",
        ),
        sa.Column(
            "edited_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="编辑时间 · when edited last",
        ),
        sa.CheckConstraint(
            "state IN ('normal', 'damaged', 'lost', 'suspended', 'closed')",
            name=op.f("ck_stalls_state"),
        ),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_stalls_sound_geometry"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stalls")),
        sa.UniqueConstraint("zone_code", "number", name=op.f("uq_stalls_zone_code_number")),
        schema="plan",
        comment="摊位（编辑） · stalls as planners draw them",
    )
    op.create_index(
        "ix_plan_stalls_geom",
        "stalls",
        ["geom"],
        unique=False,
        schema="plan",
        postgresql_using="gist",
    )
    op.create_table(
        "areas",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · kind"),
        sa.Column("code", sa.Text(), nullable=False, comment="编号 · human code"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称 · name"),
        sa.Column(
            "name_en",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="英文名称 · name in English",
        ),
        sa.Column(
            "family",
            sa.Text(),
            sa.Computed("'area'::text", persisted=True),
            nullable=False,
            comment="大类 · always area",
        ),
        sa.Column(
            "parent_code", sa.Text(), nullable=True, comment="上级编号 · code of the area above"
        ),
        sa.Column(
            "geom",
            geometry("MULTIPOLYGON"),
            nullable=False,
            comment="范围 · extent, WGS 84",
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="其他属性 · the kind's own attributes",
        ),
        sa.Column(
            "generation",
            sa.BigInteger(),
            nullable=False,
            comment="发布批次 · the publication that wrote this row",
        ),
        sa.Column(
            "valid",
            postgresql.TSTZRANGE(),
            server_default=sa.text("tstzrange(now(), NULL)"),
            nullable=False,
            comment="有效期 · from when to when this row holds; open-ended is today's",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("kind"), "="),
            (sa.column("code"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_areas_code",
        ),
        sa.CheckConstraint("code = btrim(code) AND code <> ''", name=op.f("ck_areas_code")),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_areas_sound_geometry"),
        ),
        sa.ForeignKeyConstraint(
            ["family", "kind"], ["city.kinds.family", "city.kinds.slug"], name="fk_kind"
        ),
        sa.ForeignKeyConstraint(
            ["generation"], ["city.generations.id"], name=op.f("fk_areas_generation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
        schema="city",
        comment="区域 · areas of every kind, with the time they were valid",
    )
    op.create_index(
        "ix_areas_geom", "areas", ["geom"], unique=False, schema="city", postgresql_using="gist"
    )
    op.create_table(
        "assignments",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column(
            "family",
            sa.Text(),
            sa.Computed("'officer_role'::text", persisted=True),
            nullable=False,
            comment="大类 · always officer_role",
        ),
        sa.Column("officer_code", sa.Text(), nullable=False, comment="工号 · staff number"),
        sa.Column("role", sa.Text(), nullable=False, comment="岗位 · role"),
        sa.Column("area_kind", sa.Text(), nullable=False, comment="区域类型 · kind of the area"),
        sa.Column("area_code", sa.Text(), nullable=False, comment="区域编号 · code of the area"),
        sa.Column(
            "during", postgresql.DATERANGE(), nullable=False, comment="任期 · from when to when"
        ),
        postgresql.ExcludeConstraint(
            (sa.column("officer_code"), "="),
            (sa.column("role"), "="),
            (sa.column("area_kind"), "="),
            (sa.column("area_code"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_assignments_once",
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_assignments_during")),
        sa.ForeignKeyConstraint(
            ["family", "role"], ["city.kinds.family", "city.kinds.slug"], name="fk_role"
        ),
        sa.ForeignKeyConstraint(
            ["officer_code"], ["city.officers.code"], name=op.f("fk_assignments_officer_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        schema="city",
        comment="责任分工 · who answers for which area in which role",
    )
    op.create_index(
        "ix_assignments_area",
        "assignments",
        ["area_kind", "area_code"],
        unique=False,
        schema="city",
    )
    op.create_table(
        "facilities",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · kind"),
        sa.Column("code", sa.Text(), nullable=False, comment="编号 · human code"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称 · name"),
        sa.Column(
            "name_en",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="英文名称 · name in English",
        ),
        sa.Column(
            "family",
            sa.Text(),
            sa.Computed("'facility'::text", persisted=True),
            nullable=False,
            comment="大类 · always facility",
        ),
        sa.Column(
            "state", sa.Text(), server_default="normal", nullable=False, comment="状态 · state"
        ),
        sa.Column(
            "address",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="地址 · where, in words",
        ),
        sa.Column(
            "geom",
            geometry("GEOMETRY"),
            nullable=False,
            comment="位置或范围 · point or polygon, WGS 84",
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="其他属性 · the kind's own attributes",
        ),
        sa.Column(
            "schedule_id", sa.BigInteger(), nullable=True, comment="开放时间 · opening hours"
        ),
        sa.Column(
            "generation",
            sa.BigInteger(),
            nullable=False,
            comment="发布批次 · the publication that wrote this row",
        ),
        sa.Column(
            "valid",
            postgresql.TSTZRANGE(),
            server_default=sa.text("tstzrange(now(), NULL)"),
            nullable=False,
            comment="有效期 · from when to when this row holds; open-ended is today's",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("kind"), "="),
            (sa.column("code"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_facilities_code",
        ),
        sa.CheckConstraint(
            "GeometryType(geom) IN ('POINT', 'POLYGON', 'MULTIPOLYGON')",
            name=op.f("ck_facilities_geometry_type"),
        ),
        sa.CheckConstraint("code = btrim(code) AND code <> ''", name=op.f("ck_facilities_code")),
        sa.CheckConstraint(
            "state IN ('normal', 'damaged', 'lost', 'suspended', 'closed')",
            name=op.f("ck_facilities_state"),
        ),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_facilities_sound_geometry"),
        ),
        sa.ForeignKeyConstraint(
            ["family", "kind"], ["city.kinds.family", "city.kinds.slug"], name="fk_kind"
        ),
        sa.ForeignKeyConstraint(
            ["generation"], ["city.generations.id"], name=op.f("fk_facilities_generation")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["city.schedules.id"], name=op.f("fk_facilities_schedule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facilities")),
        schema="city",
        comment="设施部件 · facilities: bins, toilets, cameras and the like",
    )
    op.create_index(
        "ix_facilities_geom",
        "facilities",
        ["geom"],
        unique=False,
        schema="city",
        postgresql_using="gist",
    )
    op.create_table(
        "positions",
        sa.Column("officer_code", sa.Text(), nullable=False, comment="工号 · staff number"),
        sa.Column(
            "geom",
            geometry("POINT"),
            nullable=False,
            comment="位置 · place, WGS 84",
        ),
        sa.Column(
            "observed_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="定位时间 · when the device was there",
        ),
        sa.Column(
            "accuracy_m", sa.Double(), nullable=True, comment="精度（米） · accuracy, metres"
        ),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_positions_sound_geometry"),
        ),
        sa.CheckConstraint("accuracy_m >= 0", name=op.f("ck_positions_accuracy_m")),
        sa.ForeignKeyConstraint(
            ["officer_code"], ["city.officers.code"], name=op.f("fk_positions_officer_code")
        ),
        sa.PrimaryKeyConstraint("officer_code", name=op.f("pk_positions")),
        schema="city",
        comment="实时位置（内部） · last known place of each officer, internal",
    )
    op.create_index(
        "ix_positions_geom",
        "positions",
        ["geom"],
        unique=False,
        schema="city",
        postgresql_using="gist",
    )
    op.create_table(
        "shifts",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("officer_code", sa.Text(), nullable=False, comment="工号 · staff number"),
        sa.Column(
            "schedule_id", sa.BigInteger(), nullable=False, comment="值班时间 · hours of duty"
        ),
        sa.Column(
            "during", postgresql.DATERANGE(), nullable=False, comment="执行期 · from when to when"
        ),
        postgresql.ExcludeConstraint(
            (sa.column("officer_code"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_shifts_once",
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_shifts_during")),
        sa.ForeignKeyConstraint(
            ["officer_code"], ["city.officers.code"], name=op.f("fk_shifts_officer_code")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["city.schedules.id"], name=op.f("fk_shifts_schedule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        schema="city",
        comment="班次 · when each officer is on duty",
    )
    op.create_table(
        "stall_zones",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · kind"),
        sa.Column("code", sa.Text(), nullable=False, comment="编号 · human code"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称 · name"),
        sa.Column(
            "name_en",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="英文名称 · name in English",
        ),
        sa.Column(
            "family",
            sa.Text(),
            sa.Computed("'stall_zone'::text", persisted=True),
            nullable=False,
            comment="大类 · always stall_zone",
        ),
        sa.Column("capacity", sa.Integer(), nullable=True, comment="摊位数 · number of stalls"),
        sa.Column(
            "goods",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="经营范围 · goods allowed",
        ),
        sa.Column(
            "address",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="地址 · where, in words",
        ),
        sa.Column(
            "rules", sa.Text(), server_default="", nullable=False, comment="管理规定 · rules"
        ),
        sa.Column("fee", sa.Text(), server_default="", nullable=False, comment="收费 · fee"),
        sa.Column(
            "manager",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="管理单位 · managing body",
        ),
        sa.Column(
            "phone",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="联系电话（内部） · phone of the manager, internal",
        ),
        sa.Column(
            "geom",
            geometry("MULTIPOLYGON"),
            nullable=False,
            comment="范围 · extent, WGS 84",
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="其他属性 · the kind's own attributes",
        ),
        sa.Column(
            "schedule_id", sa.BigInteger(), nullable=True, comment="开放时间 · opening hours"
        ),
        sa.Column(
            "generation",
            sa.BigInteger(),
            nullable=False,
            comment="发布批次 · the publication that wrote this row",
        ),
        sa.Column(
            "valid",
            postgresql.TSTZRANGE(),
            server_default=sa.text("tstzrange(now(), NULL)"),
            nullable=False,
            comment="有效期 · from when to when this row holds; open-ended is today's",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("code"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_stall_zones_code",
        ),
        sa.CheckConstraint("code = btrim(code) AND code <> ''", name=op.f("ck_stall_zones_code")),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_stall_zones_sound_geometry"),
        ),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_stall_zones_capacity")),
        sa.ForeignKeyConstraint(
            ["family", "kind"], ["city.kinds.family", "city.kinds.slug"], name="fk_kind"
        ),
        sa.ForeignKeyConstraint(
            ["generation"], ["city.generations.id"], name=op.f("fk_stall_zones_generation")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["city.schedules.id"], name=op.f("fk_stall_zones_schedule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stall_zones")),
        schema="city",
        comment="潮汐摊位疏导区 · tidal stall zones",
    )
    op.create_index(
        "ix_stall_zones_geom",
        "stall_zones",
        ["geom"],
        unique=False,
        schema="city",
        postgresql_using="gist",
    )
    op.create_table(
        "stalls",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column(
            "zone_code", sa.Text(), nullable=False, comment="疏导区编号 · code of the stall zone"
        ),
        sa.Column(
            "number", sa.Text(), nullable=False, comment="摊位号 · number of the stall in its zone"
        ),
        sa.Column(
            "goods", sa.Text(), server_default="", nullable=False, comment="经营品类 · goods"
        ),
        sa.Column(
            "state", sa.Text(), server_default="normal", nullable=False, comment="状态 · state"
        ),
        sa.Column(
            "geom",
            geometry("POINT"),
            nullable=False,
            comment="位置 · place, WGS 84",
        ),
        sa.Column(
            "generation",
            sa.BigInteger(),
            nullable=False,
            comment="发布批次 · the publication that wrote this row",
        ),
        sa.Column(
            "valid",
            postgresql.TSTZRANGE(),
            server_default=sa.text("tstzrange(now(), NULL)"),
            nullable=False,
            comment="有效期 · from when to when this row holds; open-ended is today's",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("zone_code"), "="),
            (sa.column("number"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_stalls_code",
        ),
        sa.CheckConstraint(
            "state IN ('normal', 'damaged', 'lost', 'suspended', 'closed')",
            name=op.f("ck_stalls_state"),
        ),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_stalls_sound_geometry"),
        ),
        sa.ForeignKeyConstraint(
            ["generation"], ["city.generations.id"], name=op.f("fk_stalls_generation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stalls")),
        schema="city",
        comment="摊位 · numbered places in stall zones",
    )
    op.create_index(
        "ix_stalls_geom", "stalls", ["geom"], unique=False, schema="city", postgresql_using="gist"
    )
    op.create_table(
        "areas",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · kind"),
        sa.Column("code", sa.Text(), nullable=False, comment="编号 · human code"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称 · name"),
        sa.Column(
            "name_en",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="英文名称 · name in English",
        ),
        sa.Column(
            "family",
            sa.Text(),
            sa.Computed("'area'::text", persisted=True),
            nullable=False,
            comment="大类 · always area",
        ),
        sa.Column(
            "parent_code", sa.Text(), nullable=True, comment="上级编号 · code of the area above"
        ),
        sa.Column(
            "geom",
            geometry("MULTIPOLYGON"),
            nullable=False,
            comment="范围 · extent, WGS 84",
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="其他属性 · the kind's own attributes",
        ),
        sa.Column(
            "edited_by",
            sa.Text(),
            server_default=sa.text("session_user"),
            nullable=False,
            comment="编辑人 · who edited last",
        ),
        sa.Column(
            "edited_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="编辑时间 · when edited last",
        ),
        sa.CheckConstraint("code = btrim(code) AND code <> ''", name=op.f("ck_areas_code")),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_areas_sound_geometry"),
        ),
        sa.ForeignKeyConstraint(
            ["family", "kind"], ["city.kinds.family", "city.kinds.slug"], name="fk_kind"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_areas_kind_code")),
        schema="plan",
        comment="区域（编辑） · areas as planners draw them",
    )
    op.create_index(
        "ix_plan_areas_geom",
        "areas",
        ["geom"],
        unique=False,
        schema="plan",
        postgresql_using="gist",
    )
    op.create_table(
        "facilities",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · kind"),
        sa.Column("code", sa.Text(), nullable=False, comment="编号 · human code"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称 · name"),
        sa.Column(
            "name_en",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="英文名称 · name in English",
        ),
        sa.Column(
            "family",
            sa.Text(),
            sa.Computed("'facility'::text", persisted=True),
            nullable=False,
            comment="大类 · always facility",
        ),
        sa.Column(
            "state", sa.Text(), server_default="normal", nullable=False, comment="状态 · state"
        ),
        sa.Column(
            "address",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="地址 · where, in words",
        ),
        sa.Column(
            "geom",
            geometry("GEOMETRY"),
            nullable=False,
            comment="位置或范围 · point or polygon, WGS 84",
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="其他属性 · the kind's own attributes",
        ),
        sa.Column(
            "hours",
            sa.Text(),
            nullable=True,
            comment="开放时间 · opening hours, like Mo-Fr 06:00-08:30,17:00-19:30",
        ),
        sa.Column(
            "edited_by",
            sa.Text(),
            server_default=sa.text("session_user"),
            nullable=False,
            comment="编辑人 · who edited last",
        ),
        sa.Column(
            "edited_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="编辑时间 · when edited last",
        ),
        sa.CheckConstraint(
            "GeometryType(geom) IN ('POINT', 'POLYGON', 'MULTIPOLYGON')",
            name=op.f("ck_facilities_geometry_type"),
        ),
        sa.CheckConstraint("code = btrim(code) AND code <> ''", name=op.f("ck_facilities_code")),
        sa.CheckConstraint(
            "state IN ('normal', 'damaged', 'lost', 'suspended', 'closed')",
            name=op.f("ck_facilities_state"),
        ),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_facilities_sound_geometry"),
        ),
        sa.ForeignKeyConstraint(
            ["family", "kind"], ["city.kinds.family", "city.kinds.slug"], name="fk_kind"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facilities")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_facilities_kind_code")),
        schema="plan",
        comment="设施部件（编辑） · facilities as planners draw them",
    )
    op.create_index(
        "ix_plan_facilities_geom",
        "facilities",
        ["geom"],
        unique=False,
        schema="plan",
        postgresql_using="gist",
    )
    op.create_table(
        "stall_zones",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="行号 · row number",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="类型 · kind"),
        sa.Column("code", sa.Text(), nullable=False, comment="编号 · human code"),
        sa.Column("name", sa.Text(), nullable=False, comment="名称 · name"),
        sa.Column(
            "name_en",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="英文名称 · name in English",
        ),
        sa.Column(
            "family",
            sa.Text(),
            sa.Computed("'stall_zone'::text", persisted=True),
            nullable=False,
            comment="大类 · always stall_zone",
        ),
        sa.Column("capacity", sa.Integer(), nullable=True, comment="摊位数 · number of stalls"),
        sa.Column(
            "goods",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="经营范围 · goods allowed",
        ),
        sa.Column(
            "address",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="地址 · where, in words",
        ),
        sa.Column(
            "rules", sa.Text(), server_default="", nullable=False, comment="管理规定 · rules"
        ),
        sa.Column("fee", sa.Text(), server_default="", nullable=False, comment="收费 · fee"),
        sa.Column(
            "manager",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="管理单位 · managing body",
        ),
        sa.Column(
            "phone",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="联系电话（内部） · phone of the manager, internal",
        ),
        sa.Column(
            "geom",
            geometry("MULTIPOLYGON"),
            nullable=False,
            comment="范围 · extent, WGS 84",
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="其他属性 · the kind's own attributes",
        ),
        sa.Column(
            "hours",
            sa.Text(),
            nullable=True,
            comment="开放时间 · opening hours, like Mo-Fr 06:00-08:30,17:00-19:30",
        ),
        sa.Column(
            "edited_by",
            sa.Text(),
            server_default=sa.text("session_user"),
            nullable=False,
            comment="编辑人 · who edited last",
        ),
        sa.Column(
            "edited_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="编辑时间 · when edited last",
        ),
        sa.CheckConstraint("code = btrim(code) AND code <> ''", name=op.f("ck_stall_zones_code")),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom) AND ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ geom",
            name=op.f("ck_stall_zones_sound_geometry"),
        ),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_stall_zones_capacity")),
        sa.ForeignKeyConstraint(
            ["family", "kind"], ["city.kinds.family", "city.kinds.slug"], name="fk_kind"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stall_zones")),
        sa.UniqueConstraint("code", name=op.f("uq_stall_zones_code")),
        schema="plan",
        comment="潮汐摊位疏导区（编辑） · stall zones as planners draw them",
    )
    op.create_index(
        "ix_plan_stall_zones_geom",
        "stall_zones",
        ["geom"],
        unique=False,
        schema="plan",
        postgresql_using="gist",
    )
    run_sql("0001_clock.sql")
    run_sql("0001_rights.sql")


def downgrade() -> None:
    run_sql("0001_rights_down.sql")
    run_sql("0001_clock_down.sql")
    op.drop_index(
        "ix_plan_stall_zones_geom", table_name="stall_zones", schema="plan", postgresql_using="gist"
    )
    op.drop_table("stall_zones", schema="plan")
    op.drop_index(
        "ix_plan_facilities_geom", table_name="facilities", schema="plan", postgresql_using="gist"
    )
    op.drop_table("facilities", schema="plan")
    op.drop_index("ix_plan_areas_geom", table_name="areas", schema="plan", postgresql_using="gist")
    op.drop_table("areas", schema="plan")
    op.drop_index("ix_stalls_geom", table_name="stalls", schema="city", postgresql_using="gist")
    op.drop_table("stalls", schema="city")
    op.drop_index(
        "ix_stall_zones_geom", table_name="stall_zones", schema="city", postgresql_using="gist"
    )
    op.drop_table("stall_zones", schema="city")
    op.drop_table("shifts", schema="city")
    op.drop_index(
        "ix_positions_geom", table_name="positions", schema="city", postgresql_using="gist"
    )
    op.drop_table("positions", schema="city")
    op.drop_index(
        "ix_facilities_geom", table_name="facilities", schema="city", postgresql_using="gist"
    )
    op.drop_table("facilities", schema="city")
    op.drop_index("ix_assignments_area", table_name="assignments", schema="city")
    op.drop_table("assignments", schema="city")
    op.drop_index("ix_areas_geom", table_name="areas", schema="city", postgresql_using="gist")
    op.drop_table("areas", schema="city")
    op.drop_index(
        "ix_plan_stalls_geom", table_name="stalls", schema="plan", postgresql_using="gist"
    )
    op.drop_table("stalls", schema="plan")
    op.drop_table("tokens", schema="city")
    op.drop_table("schedules", schema="city")
    op.drop_table("readings", schema="city")
    op.drop_table("overrides", schema="city")
    op.drop_table("officers", schema="city")
    op.drop_table("layers", schema="city")
    op.drop_table("kinds", schema="city")
    op.drop_index("ix_history_row", table_name="history", schema="city")
    op.drop_table("history", schema="city")
    op.drop_table("generations", schema="city")
    op.drop_table("code_lists", schema="city")
    op.drop_table("calendar_years", schema="city")
    op.drop_table("calendar_days", schema="city")
