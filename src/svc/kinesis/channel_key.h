/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of the objects that a channel writes: templates such as
 * kinesis-channel/!{channel-name}/!{yyyy}/!{HH}!{extension}. Source: "S3 output key template for
 * Amazon S3 delivery", Kinesis Data Streams developer guide.
 */
#ifndef WEIR_SVC_KINESIS_CHANNEL_KEY_H
#define WEIR_SVC_KINESIS_CHANNEL_KEY_H

#include "svc/kinesis/channel_int.h"

#define CHANNEL_KEY_BYTES_MAX 1024

/* What the variables stand for. */
struct channel_key {
    const struct channel *channel; /* name and id */
    int64_t at_ms;                 /* the moment in it */
    struct str extension;          /* ".json.gz" */
    struct str suffix;             /* what makes it unique; before the extension, if that is last */
};

/* NULL, or the first variable that there is not ("!{foo}" or what is not closed), in the arena. */
struct str channel_template_wrong(struct str template);
struct str channel_key_text(struct arena *arena, struct str template,
                            const struct channel_key *key);
struct str channel_extension(struct arena *arena, struct str format, enum compression compression);

#endif
