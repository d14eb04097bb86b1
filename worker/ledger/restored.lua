-- Everything that the outcomes tell is in the ledger, of this epoch.
-- KEYS: epoch, restored   ARGV: epoch when it began   Answer: 1 marked, 0 it has changed
local epoch = redis.call('GET', KEYS[1])
if epoch ~= ARGV[1] then
	return 0
end
redis.call('SET', KEYS[2], epoch)
return 1
