/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client goes by: the caller's options, the environment, the profile's files; and whence its
 * credentials come.
 */
#ifndef WEIR_SETTINGS_H
#define WEIR_SETTINGS_H

#include "model.h"
#include "net.h"
#include "request.h"

#define WEIR_URL_BYTES_MAX 1024
#define WEIR_NAME_BYTES_MAX 128

struct weir_settings {
    char region[WEIR_NAME_BYTES_MAX];  /* "" : none was said */
    char profile[WEIR_NAME_BYTES_MAX]; /* "default" */
    char endpoint[WEIR_URL_BYTES_MAX]; /* of the options or the profile, for all services; or "" */
    bool endpoint_given;               /* by the options: goes before the environment */
    struct weir_credentials given;     /* by the options; or empty */
    struct weir_buf config;            /* ~/.aws/config */
    struct weir_buf shared;            /* ~/.aws/credentials */
    const struct weir_tls *tls;        /* or NULL */
    struct weir_patience patience;     /* of its connections */
    size_t answer_bytes_max;           /* of one answer's body */
    int max_attempts;                  /* of one call */
    bool unsigned_calls;               /* needs no credentials */
};

/* False: no memory. */
bool weir_settings_init(struct weir_settings *settings, const struct weir_aws_options *options);
void weir_settings_done(struct weir_settings *settings);

/* A setting of a profile in one of its files; WEIR_NONE. In the config file sections but the
 * default one are named [profile x]. */
struct weir_text weir_profile_get(struct weir_text file, const char *profile, const char *key);

/* ---- addresses ---- */

struct weir_url {
    char host[WEIR_HOST_BYTES_MAX + 1]; /* a name, or an address without brackets */
    char path[WEIR_URL_BYTES_MAX];      /* "" or "/…" */
    uint16_t port;                      /* said, or the scheme's own */
    bool is_tls;                        /* https */
    bool has_port;                      /* it is not the scheme's own */
};

bool weir_url_read(struct weir_text text, struct weir_url *ret_url);
/* "host" or "host:port", as the Host header has it. */
void weir_url_authority(const struct weir_url *url, char to[WEIR_HOST_BYTES_MAX + 16]);

/* Where a service is, and what its signatures are for. */
struct weir_place {
    struct weir_url url;               /* the endpoint */
    char region[WEIR_NAME_BYTES_MAX];  /* of the signature */
    char signing_name[MODEL_TEXT_MAX]; /* of the signature */
    bool is_own;                       /* AWS's own endpoint, whose hosts have parts of names */
};

/* Of a service of the model, or of one that is only named. NULL: done; else an error's code. */
const char *weir_place_of(const struct weir_settings *settings, const struct model_service *service,
                          const char *name, struct weir_place *ret_place);

/* ---- credentials ---- */

struct weir_identity {
    struct weir_credentials credentials; /* the last ones */
    bool has;                            /* there are some */
};

/* Gets credentials, or new ones when they are about to expire. False: there are none. */
bool weir_identity_get(struct weir_identity *identity, const struct weir_settings *settings);

#endif
