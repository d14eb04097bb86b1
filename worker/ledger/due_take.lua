-- What is due. It stays, but is hidden from others for a while: whoever took it drops it
-- once its request is committed, and if nobody does it is due again.
-- KEYS: due, due records   ARGV: most, hidden_ms   Answer: id, record, id, record, ...
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms, 'LIMIT', 0, ARGV[1])
local found = {}
for _, id in ipairs(ids) do
	local record = redis.call('HGET', KEYS[2], id)
	if record then
		redis.call('ZADD', KEYS[1], now_ms + ARGV[2], id)
		found[#found + 1] = id
		found[#found + 1] = record
	else
		redis.call('ZREM', KEYS[1], id)
	end
end
return found
