//! Policy document to plan, once; a pipeline of stages per request.
