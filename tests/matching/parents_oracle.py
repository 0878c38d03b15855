"""The parents of level 2 relations in recursive SQL, written apart from the code that it judges."""

import datetime as dt

import duckdb
import polars as pl

_SQL = """
create temp table r as
with given as (
    select *, try_cast(left(start_date, 10) as date) as first, try_cast(left(end_date, 10) as date) as last,
    from relations
), alone as (
    select *, case
        when start_node is null or end_node is null then 'end_missing'
        when relationship_type not in ('IS_DIRECTLY_CONSOLIDATED_BY', 'IS_ULTIMATELY_CONSOLIDATED_BY') then 'other_type'
        when relationship_status is distinct from 'ACTIVE' then 'inactive'
        when registration_status not in ('PUBLISHED', 'LAPSED') then 'not_published'
        when (start_date is not null and first is null) or (end_date is not null and last is null) or last < first
            then 'period_invalid'
        when first > $day then 'not_started'
        when last < $day then 'expired'
        when start_node not in (select id from register) then 'unknown_entity'
        when start_node = end_node then 'self_loop'
    end as why
    from given
), copies as (
    select *, row_number() over (partition by start_node, end_node, relationship_type, why) as copy from alone
), several as (
    select *, (select count(distinct o.end_node) from copies o where o.why is null
               and o.start_node = c.start_node and o.relationship_type = c.relationship_type) as parents
    from copies c
)
select start_node, end_node, relationship_type = 'IS_DIRECTLY_CONSOLIDATED_BY' as direct, relationship_type, case
    when why is not null then why
    when copy > 1 then 'repeated'
    when parents > 1 then 'two_parents'
    when end_node not in (select id from register) then 'unknown_parent'
end as why
from several;

create temp table looped as
with recursive above as (
    select start_node, end_node from r where why is null and direct
    union
    select a.start_node, b.end_node from above a join r b on b.start_node = a.end_node and b.why is null and b.direct
)
select b.start_node from r b join above a on a.start_node = b.end_node and a.end_node = b.start_node
where b.why is null and b.direct;
update r set why = 'cycle' where why is null and direct and start_node in (select * from looped);

create temp table crossed as
with recursive above as (
    select start_node, end_node from r where why is null
    union
    select a.start_node, b.end_node from above a join r b on b.start_node = a.end_node and b.why is null
)
select b.start_node from r b join above a on a.start_node = b.end_node and a.end_node = b.start_node
where b.why is null and not b.direct;
update r set why = 'cycle' where why is null and not direct and start_node in (select * from crossed);

create temp table x as
with counted as (
    select *, row_number() over (partition by lei, category, reason) as copy from exceptions
), judged as (
    select lei, category = 'DIRECT_ACCOUNTING_CONSOLIDATION_PARENT' as direct, reason, case
        when lei is null or lei not in (select id from register) then 'unknown_entity'
        when category not like '%_ACCOUNTING_CONSOLIDATION_PARENT' then 'other_category'
        when copy > 1 then 'repeated'
    end as why from counted
)
select lei, direct, coalesce(reason, 'no reason given') as reason, coalesce(why, case when exists (
    select 1 from r where r.start_node = lei and r.direct = judged.direct and r.why is null
) then 'beside_relation' end) as why
from judged;

create temp table facts as
with lost as (
    select start_node, direct, min_by(why, list_position(['two_parents', 'cycle', 'unknown_parent', 'self_loop',
        'period_invalid', 'not_published', 'not_started', 'expired', 'inactive'], why)) as why
    from r where why in ('two_parents', 'cycle', 'unknown_parent', 'self_loop',
        'period_invalid', 'not_published', 'not_started', 'expired', 'inactive')
    group by start_node, direct
), told as (
    select lei, direct, string_agg(distinct reason, '; ' order by reason) as reason,
        bool_or(reason not in ('NATURAL_PERSONS', 'NON_CONSOLIDATING', 'NO_KNOWN_PERSON')) as hidden
    from x where why is null group by lei, direct
)
select distinct id, rd.end_node as d, ru.end_node as u,
    case when rd.end_node is null then ld.why end as dlost, case when ru.end_node is null then lu.why end as ulost,
    td.reason as dex, tu.reason as uex, coalesce(td.hidden, false) as dhid, coalesce(tu.hidden, false) as uhid,
    dlost in ('two_parents', 'cycle', 'unknown_parent') as dblock,
    ulost in ('two_parents', 'cycle', 'unknown_parent') as ublock,
    case when ru.end_node is not null then null
         when ublock then ulost when uhid then uex
         when rd.end_node is not null then null
         when dblock then dlost when dhid and uex is null then dex end as untold
from register
left join r rd on rd.start_node = id and rd.direct and rd.why is null
left join r ru on ru.start_node = id and not ru.direct and ru.why is null
left join lost ld on ld.start_node = id and ld.direct
left join lost lu on lu.start_node = id and not lu.direct
left join told td on td.lei = id and td.direct
left join told tu on tu.lei = id and not tu.direct;

create temp table chain as
with recursive up as (
    select id, id as node, 0 as depth from facts
    union all
    select up.id, f.d, depth + 1 from up join facts f on f.id = up.node where f.d is not null
)
select * from up;

create temp table stopped as
select c.id, arg_min(c.node, c.depth) as node
from chain c join facts f on f.id = c.node where f.u is not null or f.untold is not null or f.d is null
group by c.id;

create temp table found as
select s.id, f.untold, case when f.u is not null then f.u
    when f.untold is null and s.node <> s.id then s.node end as ultimate
from stopped s join facts f on f.id = s.node;

create temp table path as
with cut as (
    select c.*, f.ultimate, min(case when node = ultimate then depth end) over (partition by c.id) as met
    from chain c join found f using (id)
)
select id, string_agg(node, ' > ' order by depth)
    || case when any_value(met) is null and any_value(ultimate) is not null then ' > ' || any_value(ultimate)
       else '' end as path
from cut where met is null or depth <= met group by id;
"""

_ENTITIES = """
select f.id, f.d as direct_parent,
    case when f.d is null then case when f.dblock then f.dlost else coalesce(f.dex, f.dlost, 'not_reported') end end
        as direct_reason,
    o.ultimate as ultimate_parent,
    case when o.ultimate is null then coalesce(o.untold, case when f.ublock then f.ulost when f.dblock then f.dlost end,
        f.uex, f.dex, f.ulost, f.dlost, 'not_reported') end as ultimate_reason,
    case when o.ultimate is null then null when f.u is not null then 'reported' else 'path' end as ultimate_by,
    p.path,
    o.ultimate is not null and (coalesce(above.ultimate <> o.ultimate, false)
        or coalesce(top.d is not null or top.u is not null, false)) as is_contradicted
from facts f join found o using (id) join path p using (id)
left join found above on above.id = f.d left join facts top on top.id = o.ultimate
order by f.id
"""

_COUNTS = """
select input, outcome, count(*)::uinteger as count from (
    select 'relations' as input, coalesce(why, 'used') as outcome from r
    union all select 'exceptions', coalesce(why, 'used') from x
) group by all order by all
"""


def oracle(
    register: pl.DataFrame, relations: pl.DataFrame, exceptions: pl.DataFrame, day: dt.date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The entities and the counts that `parents_as_of` should find; dates are ISO text."""
    with duckdb.connect() as sql:
        for name, table in (("register", register), ("relations", relations), ("exceptions", exceptions)):
            sql.register(name, table.to_arrow())
        for statement in _SQL.split(";\n"):
            if statement.strip():
                sql.execute(statement, {"day": day} if "$day" in statement else None)
        entities, counts = (pl.DataFrame(sql.sql(query).to_arrow_table()) for query in (_ENTITIES, _COUNTS))
        return entities, counts
