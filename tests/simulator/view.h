/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_VIEW_H
#define TESTS_SIMULATOR_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulator/store.h"
#include "tests/simulator/version.h"

struct buffer;

/* The JSON objects of the API, with the fields that the version has. */
void view_org(struct buffer *out, const struct org *org);
/* The names of org.address[]. */
const char *view_address_part(size_t index);
/* with_labels: /api/users/lookup leaves label data out. */
void view_profile(struct buffer *out, const struct version *version,
		  const struct account *account, bool with_labels);
/* What a token is told that asks who it is. */
void view_service_profile(struct buffer *out, const struct version *version,
			  const struct service_account *account);
void view_user_hit(struct buffer *out, const struct version *version,
		   const struct account *account);
void view_member(struct buffer *out, const struct version *version,
		 const struct membership *member);
void view_memberships(struct buffer *out, const struct account *account); /* an array */
struct team;
struct team_member;
void view_team(struct buffer *out, const struct version *version, const struct team *team);
void view_team_member(struct buffer *out, const struct version *version,
		      const struct team_member *member);
void view_avatar(struct buffer *out, const char *email);

enum { VIEW_UID_CAPACITY = 16 };
void view_uid(int64_t id, char out[VIEW_UID_CAPACITY]);
int64_t view_uid_to_id(const char *uid); /* -1: not one of ours */

#endif
