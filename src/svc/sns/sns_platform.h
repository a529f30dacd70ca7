/* SPDX-License-Identifier: Apache-2.0
 *
 * Platform applications (an app with a push service) and endpoints (it on a device). Part of SNS's
 * inside.
 */
#ifndef WEIR_SVC_SNS_PLATFORM_H
#define WEIR_SVC_SNS_PLATFORM_H

#include "svc/sns/sns_int.h"

#define APPS_MAX 100000
#define ENDPOINTS_PER_APP_MAX 20000 /* they go in one entry with their application */
#define CUSTOM_DATA_BYTES_MAX 2048
#define DEVICE_TOKEN_BYTES_MAX 4096

struct app {
    struct str account, region, platform, name; /* owned */
    struct str arn;              /* owned */
    struct settings attributes;  /* as set, credentials too */
    uint64_t endpoints;          /* how many there are */
};

/* As read from its row; strings live as long as the call. */
struct endpoint {
    struct app *app;        /* whose it is */
    struct str id;          /* last part of its ARN */
    struct str token;       /* the device's */
    struct str custom;      /* CustomUserData; STR_NONE: not set */
    bool enabled;
};

struct app *app_new(struct str account, struct str region, struct str platform, struct str name);
void app_free(struct app *app);
bool app_is_enabled(const struct app *app);

struct str endpoint_arn(struct arena *arena, const struct endpoint *endpoint);
bool arn_is_endpoint(struct str text);
bool endpoint_find(struct call *c, struct str arn, struct endpoint *ret_endpoint);
/* Into the outbox. */
void endpoint_give(struct call *c, const struct endpoint *endpoint, struct str from,
                   const struct message *message);
/* what: "EndpointCreated", "EndpointUpdated", "EndpointDeleted". */
void endpoint_tell(struct call *c, const struct endpoint *endpoint, const char *what);

/* ---- keys.c ---- */

void app_save(struct call *c, const struct app *app);
void app_erase(struct call *c, const struct app *app); /* with its endpoints' rows */
bool endpoint_load(struct call *c, struct app *app, struct str id, struct endpoint *ret_endpoint);
void endpoint_save(struct call *c, const struct endpoint *endpoint);
void endpoint_erase(struct call *c, const struct endpoint *endpoint);
/* The endpoint that has that token; false: none. */
bool endpoint_of_token(struct call *c, struct app *app, struct str token,
                       struct endpoint *ret_endpoint);
/* Those with an id behind after; *scan NULL at first, false (and closed) at the end. */
bool endpoint_next(struct call *c, struct app *app, struct str after, struct txn_scan **scan,
                   struct endpoint *ret_endpoint);

#endif
