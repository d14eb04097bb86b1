/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_CONTROL_H
#define TESTS_SIMULATOR_CONTROL_H

struct buffer;
struct exchange;
struct json_t;
struct sim;

/* Answers a request under /sim/: the tests' own door, without credentials. */
void control_dispatch(struct exchange *exchange);

/* control_people.c: state and accounts. 'spec' is a JSON object. */
void control_write_state(struct sim *sim, struct buffer *out);
/* 0, or -1 when nobody has that login or e-mail. */
int control_write_account(struct sim *sim, const char *login, struct buffer *out);
/* NULL, or what is wrong. *id is the (last) account made. */
const char *control_add_accounts(struct sim *sim, struct json_t *spec, long long *id);
const char *control_change_account(struct sim *sim, const char *login, struct json_t *spec);

#endif
