/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices of users: small rows ("device", pool, sub and key). A sign-in without a known device
 * gives a new one its key; ConfirmDevice brings what proves it later, by SRP.
 */
#ifndef WEIR_SVC_COGNITO_DEVICE_H
#define WEIR_SVC_COGNITO_DEVICE_H

#include "svc/cognito/user.h"

struct device {
    struct str key;             /* "us-east-1_" and a UUID */
    struct str group;           /* DeviceGroupKey: its name in SRP, before the key */
    struct str name;            /* a person's; may be empty */
    struct str salt, verifier;  /* SRP's, of the device's own password; empty: not confirmed */
    bool remembered;            /* it may prove itself */
    int64_t created_ms, changed_ms, used_ms; /* used: signed in with */
};
bool device_load(struct call *c, const struct user *user, struct str key,
                 struct device *ret_device);
void device_save(struct call *c, const struct user *user, const struct device *device);
/* Does the pool track devices? */
bool pool_tracks(const struct pool *pool);
/* A device that may prove itself now; false: none of that key. */
bool device_known(struct call *c, const struct pool *pool, const struct user *user,
                  struct str key, struct device *ret_device);
/* After a sign-in with that key (which may be none): a new device, if it has to be one, for
 * NewDeviceMetadata; else the one there was is noted. */
bool device_signed_in(struct call *c, const struct pool *pool, const struct user *user,
                      struct str key, struct device *ret_new);

#endif
