/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Certificate Manager: the table of operations, in the order of the API reference, its errors,
 * its pages, and the service's life.
 */
#include "base/mem.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "cell/host.h"
#include "svc/acm/cfn.h"
#include "svc/acm/acm_ops.h"

const struct error ACM_NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};
const struct error ACM_ARN = {"InvalidArnException", NULL, 400, false};
const struct error ACM_VALIDATION = {"ValidationException", NULL, 400, false};
const struct error ACM_STATE = {"InvalidStateException", NULL, 400, false};
const struct error ACM_PROGRESS = {"RequestInProgressException", NULL, 400, true};
const struct error ACM_TAGS = {"TooManyTagsException", NULL, 400, false};
const struct error ACM_TAG = {"InvalidTagException", NULL, 400, false};
const struct error ACM_OPTIONS = {"InvalidDomainValidationOptionsException", NULL, 400, false};
const struct error ACM_ARGS = {"InvalidArgsException", NULL, 400, false};
const struct error ACM_CONFLICT = {"ConflictException", NULL, 400, false};
const struct error ACM_PARAMETER = {"InvalidParameterException", NULL, 400, false};

static const struct op ops[] = {
    {"AddTagsToCertificate", acm_add_tags},
    {"DeleteCertificate", acm_delete},
    {"DescribeCertificate", acm_describe},
    {"ExportCertificate", acm_export},
    {"GetAccountConfiguration", acm_get_configuration},
    {"GetCertificate", acm_get},
    {"ImportCertificate", acm_import},
    {"ListCertificates", acm_list},
    {"ListTagsForCertificate", acm_list_tags},
    {"ListTagsForResource", acm_list_tags_of_resource},
    {"PutAccountConfiguration", acm_put_configuration},
    {"RemoveTagsFromCertificate", acm_remove_tags},
    {"RenewCertificate", acm_renew},
    {"RequestCertificate", acm_request},
    {"ResendValidationEmail", acm_resend},
    {"RevokeCertificate", acm_revoke},
    {"TagResource", acm_tag},
    {"UntagResource", acm_untag},
    {"UpdateCertificateOptions", acm_update_options},
};

/* GET /_weir/ca.pem: the authority's certificate, made with the first one that it issues. */
static status page_authority(struct call *c)
{
    struct str pem = authority_certificate(c, false);

    if (pem.at == NULL) {
        call_answer(c, 404, "text/plain", STR("No certificate was issued yet.\n"));
    } else {
        call_answer(c, 200, "application/x-pem-file", pem);
    }
    return OK;
}

static const struct page pages[] = {
    {"/_weir/acm/approve", true, page_approve},
    {"/_weir/ca.pem", true, page_authority},
};

/* For TLS at users' own domains. */
static bool certificate_pem(struct call *c, struct str arn, struct buf *pem)
{
    static const char *const parts[] = {"Certificate", "CertificateChain", "PrivateKey"};
    struct certificate certificate;
    struct value *texts;

    if (certificate_of_arn(c, arn, &certificate) != OK || !status_is(&certificate, "ISSUED")) {
        return false;
    }
    texts = texts_load(c, &certificate);
    for (size_t i = 0; texts != NULL && i < sizeof(parts) / sizeof(parts[0]); i++) {
        buf_add(pem, get_str(texts, parts[i]));
        buf_add_c(pem, '\n');
    }
    return texts != NULL;
}

static const struct certificate_owner certificates = {ACM_SERVICE, certificate_pem};

static void service_close(void *state)
{
    struct acm *acm = state;

    shelf_told_done(&acm->told);
    mem_free(acm);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct acm *acm = MEM_NEW(struct acm);

    acm->cell = cell;
    bus_timer_owner(cell, ACM_SERVICE, acm_timer);
    acm_join_policies(cell);
    certificate_owner_set(cell, &certificates);
    *ret_state = acm;
    return OK;
}

static status service_tick(struct call *c)
{
    tokens_sweep(c);
    return OK;
}

const struct service acm_service = {
    .id = ACM_SERVICE,
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .tick = service_tick,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
    .types = acm_types,
    .type_count = ACM_TYPES,
};
