wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = '{"model":"tiny","prompt":"one two three","max_tokens":16}'
