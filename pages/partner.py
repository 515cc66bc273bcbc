"""Partner: one partner's own page, from its first referral to its visits."""

from dataclasses import replace

import streamlit as st

from dashboard import display, frame, loaders, reports
from dashboard.metrics import partners as metric
from dashboard.screens import cells, conversion, funnel, partner, records

view = frame.view("partner")
scope = view.viewer.locations
display.header("Partner", metric.league, view)
if display.no_leads(view):
    st.stop()

names = loaders.names("partner")
chosen = partner.choose(names)
if chosen is None:
    st.stop()

everybody = replace(view.filters, partner=())
view = replace(view, filters=replace(view.filters, partner=(chosen,)))
if display.no_leads(view):
    st.stop()

horizon = view.moment.horizon_days
league = reports.partners(view.count, everybody, scope).table
mix = reports.case_mix(view.count, everybody, scope).table
volume = reports.referral_volume(view.count, everybody, scope, today=view.today).table
eligible = reports.conversion(view.count, view.filters, scope, step="eligible", horizon=horizon).table
partner.standing(league, mix, chosen, names[chosen], horizon)
partner.volume_and_fit(volume, eligible, chosen)
complete = reports.records(view.count, view.filters, scope).table
st.markdown(records.in_words(complete, reports.missing_items(view.count, view.filters, scope).table))

pathways, pathway_names = reports.funnel(view.count, view.filters, scope, ["pathway"]).table, loaders.names("pathway")
cells.leads_behind(view, funnel.beside_each_other(view, pathways, "pathway", pathway_names), hint=True)
cells.leads_behind(view, funnel.lost(view, reports.lost_reasons(view.count, view.filters, scope).table))
made = reports.curve(view.count, view.filters, scope, step="attended").table
conversion.curve(made, "attended", horizon)
display.lead_list(view, view.where, "All its referrals")
