/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_REASON_H
#define CODEC_REASON_H

/*
 * The closed list of reason codes. X(enum name, code, what it means and what to
 * change). Codes are a contract: never reworded, only added to.
 */
#define REASON_TABLE(X)                                                                          \
	X(OK, "ok", "Done, or already as asked.")                                                \
	X(REQUEST_INVALID, "request.invalid",                                                    \
	  "The event or one of its fields is not as the contract says; the message names the place.") \
	X(REQUEST_UNKNOWN_ACTION, "request.unknown_action",                                      \
	  "There is no such action; the message lists those there are.")                         \
	X(REQUEST_UNKNOWN_INSTANCE, "request.unknown_instance",                                  \
	  "No [grafana.NAME] of that name is configured.")                                       \
	X(REQUEST_ID_REUSED, "request.id_reused",                                                \
	  "Another request with other content came earlier under the same source and id.")       \
	X(REQUEST_EXPIRED, "request.expired", "The request's deadline had passed.")              \
	X(ACCOUNT_NOT_FOUND, "account.not_found",                                                \
	  "Grafana has no such account; create it first, or say if_no_account.")                 \
	X(ACCOUNT_EXISTS, "account.exists",                                                      \
	  "The account was there before; nothing of it was changed. Say on_existing \"reset\" for a new password.") \
	X(ACCOUNT_AMBIGUOUS, "account.ambiguous",                                                \
	  "Login and e-mail belong to two different accounts, or what is said as one is some account's other; the message names them.") \
	X(ACCOUNT_CONFLICT, "account.conflict",                                                  \
	  "The new login or e-mail belongs to another account.")                                 \
	X(ACCOUNT_EXTERNAL, "account.external",                                                  \
	  "The account is managed by an identity provider; change it there.")                    \
	X(ACCOUNT_PROVISIONED, "account.provisioned",                                            \
	  "The account is provisioned by SCIM; change it there.")                                \
	X(ACCOUNT_PROTECTED, "account.protected",                                                \
	  "This is the login or service account grantd itself uses; it never changes that.")     \
	X(ACCOUNT_LAST_SERVER_ADMIN, "account.last_server_admin",                                \
	  "This is the last server admin; make another one first.")                              \
	X(ACCOUNT_EXTERNALLY_SYNCED, "account.externally_synced",                                \
	  "Whether this is a server admin comes from an identity provider; change it there, or set skip_org_role_sync.") \
	X(ACCOUNT_NOT_MEMBER, "account.not_member",                                              \
	  "The account does not belong to the org; say role for a place in it, or grant one first.") \
	X(ACCOUNT_MAY_GO, "account.may_go",                                                      \
	  "With a token, Grafana deletes the account of a removed member who belongs to no other org; say to_role, or allow_account_removal.") \
	X(ORG_NOT_FOUND, "org.not_found",                                                        \
	  "Grafana has no such org, or the id belongs to another name; the message says which.")     \
	X(ORG_NAME_TAKEN, "org.name_taken", "Another org has that name; choose another.")        \
	X(ORG_PROTECTED, "org.protected",                                                        \
	  "Org 1, the only org, or the one grantd's login is in; it is not deleted.")            \
	X(ORG_HAS_MEMBERS, "org.has_members",                                                    \
	  "The org has members besides grantd's own login; take them out, or say force.")        \
	X(ORG_LAST_ADMIN, "org.last_admin",                                                      \
	  "This is the last Admin of the org; give another member that role first.")             \
	X(ORG_EXTERNALLY_SYNCED, "org.externally_synced",                                        \
	  "The role comes from an identity provider; change it there, or set skip_org_role_sync.") \
	X(TEAM_NOT_FOUND, "team.not_found", "The org has no such team.")                         \
	X(TEAM_CONFLICT, "team.conflict",                                                        \
	  "Another team has the name, letter case aside; use that one, or choose another name.") \
	X(TEAM_PROVISIONED, "team.provisioned",                                                  \
	  "The team is provisioned by SCIM; change it there.")                                   \
	X(INVENTORY_TOO_LARGE, "inventory.too_large",                                            \
	  "A snapshot of all orgs would not fit into memory; ask for one org at a time.")        \
	X(SERVICE_ACCOUNT_NOT_FOUND, "service_account.not_found",                                \
	  "The org has no such service account.")                                                \
	X(SERVICE_ACCOUNT_EXISTS, "service_account.exists",                                      \
	  "The name is taken by a service account with another role or state; change that one, or choose another name.") \
	X(SERVICE_ACCOUNT_AMBIGUOUS, "service_account.ambiguous",                                \
	  "Several service accounts of the org have the name; say the id.")                      \
	X(TOKEN_NOT_FOUND, "token.not_found", "The service account has no such token.")          \
	X(TOKEN_AMBIGUOUS, "token.ambiguous",                                                    \
	  "The service account has several tokens; say which by id or name.")                    \
	X(TOKEN_EXISTS, "token.exists",                                                          \
	  "The org has a token or key of that name; choose another, or leave the name to grantd.") \
	X(TOKEN_LIFETIME, "token.lifetime",                                                      \
	  "A token may not live that long, or for ever; ask for a shorter ttl_s, or change the limit that the message names.") \
	X(ROLE_UNEXPECTED, "role.unexpected",                                                    \
	  "The role held now is not the one the request expected.")                              \
	X(ROLE_INVALID, "role.invalid", "This Grafana does not know the role.")                  \
	X(GRANT_OVER, "grant.over",                                                              \
	  "The time for which it was asked is over; nothing was given. Ask again, for a later time.") \
	X(GRANT_TOO_MANY, "grant.too_many",                                                      \
	  "Too many time-bound grants of the same thing to the same person are alive; let some end first.") \
	X(FOLDER_NOT_FOUND, "folder.not_found",                                                  \
	  "The org has no folder with that uid; say a title as well to have it made.")           \
	X(FOLDER_CONFLICT, "folder.conflict",                                                    \
	  "The folder's title is taken by something else, or by several; say a uid or another title.") \
	X(DASHBOARD_CONFLICT, "dashboard.conflict",                                              \
	  "The dashboard is there and differs, or has another version than expected; the message says which.") \
	X(DASHBOARD_NAME_TAKEN, "dashboard.name_taken",                                          \
	  "Another dashboard in the folder has that title; say its uid, or another title.")      \
	X(DASHBOARD_PROVISIONED, "dashboard.provisioned",                                        \
	  "The dashboard comes from a file on Grafana's side; change it there.")                 \
	X(GRAFANA_PERMISSION, "grafana.permission",                                              \
	  "grantd's credentials lack the permission; the message names it.")                     \
	X(GRAFANA_UNSUPPORTED, "grafana.unsupported",                                            \
	  "This Grafana cannot do that; the message says why and what could be changed.")        \
	X(GRAFANA_QUOTA, "grafana.quota", "A quota of Grafana is used up.")                      \
	X(GRAFANA_REJECTED, "grafana.rejected",                                                  \
	  "Grafana refused the request for a reason grantd does not know; its message is given.") \
	X(PASSWORD_POLICY, "password.policy",                                                    \
	  "Grafana's password policy refused the password; raise [vault] password_length.")      \
	X(POLICY_ACTION_DENIED, "policy.action_denied",                                          \
	  "The policy does not allow the action to who asked; the message names the rule.")      \
	X(POLICY_INSTANCE_DENIED, "policy.instance_denied",                                      \
	  "The policy does not allow that to who asked in this Grafana; the message names the rule.") \
	X(POLICY_ORG_DENIED, "policy.org_denied",                                                \
	  "The policy does not allow that to who asked in this org; the message names the rule.") \
	X(POLICY_ROLE_DENIED, "policy.role_denied",                                              \
	  "The policy does not let who asked give this role; the message names the rule.")       \
	X(POLICY_DURATION_DENIED, "policy.duration_denied",                                      \
	  "The policy allows that for a shorter time only, or not for good; the message names the limit.") \
	X(POLICY_PROTECTED_USER, "policy.protected_user",                                        \
	  "The account is in [policy] protected_users; grantd never touches it.")                \
	X(POLICY_FUSE_OPEN, "policy.fuse_open",                                                  \
	  "More removals than [policy] max_removals_per_minute were asked of this Grafana; none is made until grantctl fuse reset.") \
	X(VAULT_NO_KEY, "vault.no_key",                                                          \
	  "No valid vault key is configured, so no secret may be made; nothing was changed.")    \
	X(RETRIES_EXHAUSTED, "retries.exhausted",                                                \
	  "The deadline passed while Grafana could not be reached or kept failing.")

enum reason {
#define X(name, code, prose) REASON_##name,
	REASON_TABLE(X)
#undef X
};

enum { REASON_COUNT = REASON_RETRIES_EXHAUSTED + 1 };

struct buffer;

const char *reason_code(enum reason reason);
const char *reason_prose(enum reason reason);
/* All of them as Markdown: docs/reason-codes.md, byte for byte. */
void reason_write_list(struct buffer *out);

#endif
