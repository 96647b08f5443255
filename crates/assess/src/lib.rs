//! One assessment of one project: from files to findings and coverage
