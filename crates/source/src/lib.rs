//! Files of a project: walk, text, spans, units and limits
