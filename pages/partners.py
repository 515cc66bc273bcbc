"""Partners: whose referrals turn into visits?"""

import streamlit as st

from dashboard import display, frame, loaders, partner_reports, practice_loaders, reports
from dashboard.metrics import funnel_plot as plot
from dashboard.metrics import partners as metric
from dashboard.screens import capacity, cells, partners

view = frame.view("partners")
scope = view.viewer.locations
display.header("Partners", metric.league, view)
if display.no_leads(view):
    st.stop()

full = partner_reports.into_full(view.count, view.filters, scope, capacity.demand_of(view)).table
finding = st.container()
outcome, horizon, order = partners.choices(view)
view = view.with_horizon(horizon)

answer = reports.partners(view.count, view.filters, scope, outcome=outcome)
table, names = metric.ordered(answer.table, order), loaders.names("partner")

finding.markdown(partners.finding(table, names, outcome, horizon))
cells.leads_behind(view, partners.chart(table, names, view), hint=True)
display.left_out(answer.left_out)
mix = reports.case_mix(view.count, view.filters, scope, outcome=outcome).table
cells.leads_behind(view, partners.league_table(table, mix, names, outcome, view))

cells.leads_behind(view, partners.unusual(plot.funnel_plot(answer.table), names, view))
volume = reports.referral_volume(view.count, view.filters, scope, today=view.today)
response = reports.response(
    view.count, view.filters, scope, ["partner"], targets=practice_loaders.response_targets(), today=view.today
)
partners.changed(view, volume.table, response.table, names)
eligible = reports.conversion(view.count, view.filters, scope, ["partner"], step="eligible", horizon=horizon).table
complete = reports.records(view.count, view.filters, scope, ["partner"]).table
lacking = reports.missing_items(view.count, view.filters, scope, ["partner"]).table
partners.fit(view, eligible, complete, lacking, full, names)
