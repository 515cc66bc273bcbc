"""Pure functions from metric tables to plotly figures."""
