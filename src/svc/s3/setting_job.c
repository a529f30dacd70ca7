/* SPDX-License-Identifier: Apache-2.0
 *
 * When settings act by themselves: their timers and the minute's tick, handed to whom they concern.
 */
#include "svc/s3/access_log_int.h"
#include "svc/s3/inventory_int.h"
#include "svc/s3/lifecycle_int.h"

status settings_timer(struct call *c, struct str name, struct str payload)
{
    (void)payload;
    if (str_starts(name, STR("lifecycle/"))) {
        return lifecycle_timer(c, name);
    }
    if (str_starts(name, STR("inventory/"))) {
        return inventory_timer(c, name);
    }
    return fail(c, &S3_INTERNAL, "there is no timer of that kind");
}

void settings_tick(struct call *c)
{
    lifecycle_walk_on(s3_of(c));
}

status settings_open(struct s3 *s3)
{
    access_logs_open(s3);
    return OK;
}

void settings_close(struct s3 *s3)
{
    access_logs_close(s3);
    inventories_close(s3);
}
