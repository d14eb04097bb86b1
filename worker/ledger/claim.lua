-- Who may work on a request. One hash per request; the lease is a field of it and
-- is judged here, by the server's clock. The key's own expiry is how long a
-- request id is remembered.
--
-- KEYS: request, epoch
-- ARGV: fingerprint, at, owner, lease_ms, horizon_ms, record_time_ms, epoch_skew_ms, random
-- Answer: outcome, epoch, then per outcome (see ledger_claim.c)
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now_ms = math.floor(now_us / 1000)

-- The epoch says since when this data has been here. It is made when it is
-- missing, which is at the first start and after the data was lost.
local epoch = redis.call('GET', KEYS[2])
if not epoch then
	epoch = string.format('%.0f:%s', now_ms, ARGV[8])
	redis.call('SET', KEYS[2], epoch)
end

local known = redis.call('HMGET', KEYS[1], 'state', 'fingerprint', 'at', 'lease_until_ms')
local state = known[1]

if not state then
	-- Tokens start from the clock, so that none is ever given twice for a request,
	-- even when the data was lost while an old holder lives on.
	local token = string.format('%.0f', now_us)
	local started = string.format('%.0f', now_ms)
	redis.call('HSET', KEYS[1], 'state', 'working', 'fingerprint', ARGV[1], 'at', ARGV[2],
		'token', token, 'owner', ARGV[3],
		'lease_until_ms', string.format('%.0f', now_ms + ARGV[4]),
		'attempts', '1', 'started_ms', started)
	redis.call('PEXPIRE', KEYS[1], ARGV[5])
	-- A record from before the epoch may have been worked on and forgotten; so may
	-- one from before the horizon.
	local record = tonumber(ARGV[6])
	local since = math.max(tonumber(string.match(epoch, '^%d+')), now_ms - ARGV[5]) + ARGV[7]
	if record >= since then
		return {'fresh', epoch, token, '1', started}
	end
	redis.call('HSET', KEYS[1], 'forgotten', '1')
	return {'resume', epoch, token, '1', started}
end

if known[2] ~= ARGV[1] then
	return {'mismatch', epoch}
end

if state == 'published' then
	return {'published', epoch}
end

if state == 'done' then
	if known[3] ~= ARGV[2] then
		return {'owed', epoch, known[3]}
	end
	local stored = redis.call('HMGET', KEYS[1], 'outcome', 'credential')
	return {'done', epoch, stored[1], stored[2]}
end

local rest_ms = known[4] - now_ms
if rest_ms > 0 then
	return {'busy', epoch, string.format('%.0f', rest_ms)}
end

local held = redis.call('HMGET', KEYS[1], 'token', 'attempts', 'started_ms', 'step', 'intent',
	'forgotten')
-- Above the last one, and from the clock again: a claim that a failover lost must
-- not have its token given to somebody else.
local token = string.format('%.0f', math.max(held[1] + 1, now_us))
local attempts = string.format('%.0f', held[2] + 1)
redis.call('HSET', KEYS[1], 'state', 'working', 'at', ARGV[2], 'token', token, 'owner', ARGV[3],
	'lease_until_ms', string.format('%.0f', now_ms + ARGV[4]), 'attempts', attempts)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
-- A claim that came to no step wrote nothing: the next begins as if it were the first.
local outcome = (held[4] or held[6]) and 'resume' or 'fresh'
return {outcome, epoch, token, attempts, held[3], held[4], held[5]}
