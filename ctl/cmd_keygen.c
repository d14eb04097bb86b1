/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_keygen.c - grantctl keygen: a key pair for a vault.
 *
 * A file that is there is never overwritten: what is sealed for a lost key is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "codec/seal.h"
#include "ctl/command.h"

struct key_file {
	const char *path;
	mode_t mode;
	int fd; /* -1: not made by us */
};

static int fail(struct error *err, const char *doing, const char *path)
{
	error_set(err, ERROR_REFUSED, "keygen", errno, "%s %s: %s", doing, path, strerror(errno));
	return -1;
}

static int create(struct key_file *file, struct error *err)
{
	file->fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
	if (file->fd < 0)
		return fail(err, "create", file->path);
	/* Whatever the umask is, the public key is there to be read. */
	return fchmod(file->fd, file->mode) < 0 ? fail(err, "chmod", file->path) : 0;
}

static int write_key(const struct key_file *file, const char *text, size_t length,
		     struct error *err)
{
	size_t written = 0;

	while (written < length) {
		ssize_t part = write(file->fd, text + written, length - written);

		if (part < 0 && errno != EINTR)
			return fail(err, "write", file->path);
		written += part > 0 ? (size_t)part : 0;
	}
	return fsync(file->fd) < 0 ? fail(err, "sync", file->path) : 0;
}

static void close_file(struct key_file *file, bool keep)
{
	if (file->fd < 0)
		return;
	(void)close(file->fd);
	if (!keep)
		(void)unlink(file->path);
}

static int write_pair(struct key_file *private_file, struct key_file *public_file,
		      const struct secret *private_jwk, const char *public_jwk,
		      struct error *err)
{
	int rc = -1;

	if (create(private_file, err) < 0 || create(public_file, err) < 0)
		goto out;
	if (write_key(private_file, private_jwk->bytes, private_jwk->length, err) < 0 ||
	    write_key(public_file, public_jwk, strlen(public_jwk), err) < 0)
		goto out;
	rc = 0;
out:
	close_file(private_file, rc == 0);
	close_file(public_file, rc == 0);
	return rc;
}

static enum exit_code generate(const char *private_path, const char *public_path)
{
	struct key_file private_file = {private_path, 0600, -1};
	struct key_file public_file = {public_path, 0644, -1};
	struct secret private_jwk = {0};
	char *public_jwk = NULL;
	struct seal_key *key = NULL;
	enum exit_code code = CODE_OK;
	struct error err = {0};

	if (seal_key_generate(&private_jwk, &public_jwk, &err) < 0 ||
	    write_pair(&private_file, &public_file, &private_jwk, public_jwk, &err) < 0 ||
	    seal_key_load(public_path, &key, &err) < 0)
		code = context_fail(&err);
	else
		puts(seal_key_id(key));
	seal_key_free(key);
	secret_clear(&private_jwk);
	free(public_jwk);
	return code;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	static const struct option names[] = {
		COMMAND_OPTIONS,
		{"private", required_argument, NULL, 's'},
		{"public", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	const char *private_path = NULL, *public_path = NULL;
	enum exit_code code;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		if (option == 's') {
			private_path = optarg;
		} else if (option == 'p') {
			public_path = optarg;
		} else {
			code = command_option(command, context, option);
			if (code != CODE_GO_ON)
				return code;
		}
	}
	if (optind < argc)
		return command_misuse(command, "what is '%s'?", argv[optind]);
	if (private_path == NULL || public_path == NULL)
		return command_misuse(command, "--private and --public are both needed");
	mem_harden_process();
	return generate(private_path, public_path);
}

const struct command command_keygen = {
	.name = "keygen",
	.summary = "make a key pair for a vault",
	.usage = "usage: grantctl keygen --private FILE --public FILE\n"
		 "\n"
		 "Makes a P-256 key pair as two JWK files: the private one (mode 0600) belongs into\n"
		 "the vault, the public one (0644) is grantd's [vault] key_file. Prints the key id.\n"
		 "Files that are there already are never overwritten.\n"
		 "\n" COMMAND_OPTIONS_HELP,
	.run = run,
};
