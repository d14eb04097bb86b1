-- The grants of a subject, made anew from the outcomes; not while somebody changes them.
-- KEYS: subject   ARGV: grants as they were read ('' = none), grants
-- Answer: 1 kept, 0 they are others by now, 2 somebody has the subject; the grants there
local time = redis.call('TIME')
local held = redis.call('HMGET', KEYS[1], 'holder', 'token', 'grants')
if held[1] then
	-- See step.lua. One that waits and has begun nothing looks again when its turn comes.
	local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
	local other = redis.call('HMGET', held[1], 'state', 'step', 'lease_until_ms')
	local open = other[1] and other[1] ~= 'done' and other[1] ~= 'published'
	local least_ms = other[2] and now_ms - 86400000 or now_ms
	if open and tonumber(other[3]) > least_ms then
		return {2, held[3] or ''}
	end
end
if (held[3] or '') ~= ARGV[1] then
	return {0, held[3] or ''}
end
redis.call('HSET', KEYS[1], 'grants', ARGV[2],
	'changed_us', string.format('%.0f', time[1] * 1000000 + time[2]))
redis.call('PERSIST', KEYS[1])
return {1, ARGV[2]}
