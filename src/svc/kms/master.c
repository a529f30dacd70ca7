/* SPDX-License-Identifier: Apache-2.0
 *
 * The master key: what key material in rows is sealed under. It lies in the data directory as
 * DIR/kms.secret (store_secret), not in the journal: whoever has copies of journal, index or blobs
 * without that file has no key of KMS. Whoever can read the whole directory has them all; that is
 * what a hardware module would be for.
 */
#include "cell/cell.h"
#include "svc/kms/kms_int.h"
#include "sys/log.h"

#define SECRET_NAME "kms"

status master_ready(struct call *c)
{
    struct kms *kms = kms_of(c);
    struct why why;

    if (kms->master_known) {
        return OK;
    }
    if (store_secret(cell_store(c->cell), SECRET_NAME, true, kms->master, &why) != OK) {
        log_write(LOG_ERROR, "kms", "%s", why.text);
        return fail(c, &KMS_INTERNAL, "%s", why.text);
    }
    kms->master_known = true;
    return OK;
}

status master_load(struct kms *kms)
{
    struct why why;
    status read = store_secret(cell_store(kms->cell), SECRET_NAME, false, kms->master, &why);

    if (read != OK) {
        log_write(LOG_ERROR, "kms", "%s: keys of KMS are sealed under it", why.text);
        return read;
    }
    kms->master_known = true;
    return OK;
}
