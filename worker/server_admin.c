/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_admin.c - the guard that one server admin is left.
 *
 * Called by the operations that take one away, whichever way. Owns nothing. Reads only.
 */
#include "worker/server_admin.h"

#include "grafana/users.h"

int server_admin_keep_one(struct turn *turn, const struct grafana_user *user, struct error *err)
{
	struct answer answer = {0};
	bool other = false;

	if (!user->is_admin)
		return TURN_GO_ON;
	if (grafana_user_other_admin(turn->grafana, user->id, &other, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "look for another server admin");
	if (other)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ACCOUNT_LAST_SERVER_ADMIN,
			    "'%s' is the last server admin; make another one first",
			    user->login);
}
