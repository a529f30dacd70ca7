/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside Certificate Manager: certificates, weir's authority that issues them, validation.
 *
 * Invariants between the files:
 *   1. A certificate's row is what DescribeCertificate tells. Its key, from the request on, and its
 *      text and chain, from its issue on, are another row.
 *   2. Keys of certificates are made outside the cell; the authority's is a fast one (P-256), and
 *      is made with the first certificate.
 *   3. A pending certificate has a durable timer "validate", an issued one "expire", and "renew"
 *      once it was exported.
 */
#ifndef WEIR_SVC_ACM_INT_H
#define WEIR_SVC_ACM_INT_H

#include "base/time.h"
#include "cell/call.h"
#include "cell/shelf.h"
#include "svc/acm/acm.h"
#include "svc/acm/x509.h"

#define ACM_SERVICE "acm"
#define VALID_DAYS 198              /* of an issued certificate */
#define AUTHORITY_DAYS 7300
#define RENEW_DAYS 45               /* before its end */
#define VALIDATION_HOURS 72         /* then it has timed out */
#define LOOK_MS (10 * MS_PER_SECOND) /* between two looks for records */
#define TOKEN_MS MS_PER_HOUR        /* a request's token is remembered for */
#define TAGS_MAX 50
#define NAMES_MAX 100
#define CERTIFICATES_PAGE 1000
#define DAYS_BEFORE_EXPIRY 45

extern const struct error ACM_NOT_FOUND, ACM_ARN, ACM_VALIDATION, ACM_STATE, ACM_PROGRESS,
    ACM_TAGS, ACM_TAG, ACM_OPTIONS, ACM_ARGS, ACM_CONFLICT, ACM_PARAMETER;

/* The service's state: nothing but what is derived. */
struct acm {
    struct cell *cell;       /* whose service this is */
    struct shelf_told told;  /* tags that policies asked for */
};

struct certificate {
    struct str account, region, id; /* where its rows are */
    struct value *about;     /* as DescribeCertificate tells it */
};

/* ---- keys.c ---- */

/* By an ARN: ResourceNotFoundException, InvalidArnException. */
status certificate_of_arn(struct call *c, struct str arn, struct certificate *ret_certificate);
struct value *certificate_peek(struct cell *cell, struct arena *arena, struct str arn,
                               struct certificate *ret_place);
void certificate_new(struct call *c, struct certificate *ret_certificate); /* with ARN, id */
void certificate_save(struct call *c, const struct certificate *certificate);
void certificate_purge(struct call *c, const struct certificate *certificate);
struct str certificate_arn(const struct certificate *certificate);
struct txn_scan *certificates_scan(struct call *c);
bool certificates_next(struct call *c, struct txn_scan *scan, struct certificate *ret_certificate);
/* Certificate, CertificateChain, PrivateKey: of ExportCertificate's shape; NULL: none. */
struct value *texts_load(struct call *c, const struct certificate *certificate);
struct value *texts_new(struct call *c);
void texts_save(struct call *c, const struct certificate *certificate, const struct value *texts);
/* ListTagsForCertificate's tree; empty without tags. */
struct value *tags_load(struct call *c, const struct certificate *certificate);
struct value *tags_peek(struct cell *cell, struct arena *arena, const struct certificate *place);
void tags_save(struct call *c, const struct certificate *certificate, const struct value *tags);
/* A request's token: the ARN it became; STR_NONE: it is new. */
struct str token_load(struct call *c, struct str token);
void token_save(struct call *c, struct str token, struct str arn);
void tokens_sweep(struct call *c);
/* GetAccountConfiguration's tree. */
struct value *configuration_load(struct call *c);
void configuration_save(struct call *c, const struct value *configuration);
/* The authority's key and certificate; made when make says so, else STR_NONE without one. */
struct str authority_pem(struct call *c, bool make);
struct str authority_certificate(struct call *c, bool make);

/* ---- certificate.c ---- */

/* What is told of a certificate that is there now. */
void certificate_describe(struct call *c, struct certificate *certificate,
                          const struct x509_facts *facts);
/* Its key signed by the authority, valid from now on; its timers. */
void certificate_issue(struct call *c, struct certificate *certificate);
/* Timers by what it is. */
void certificate_plan(struct call *c, const struct certificate *certificate);
status acm_timer(struct call *c, struct str name, struct str payload);
bool status_is(const struct certificate *certificate, const char *text);

/* ---- validation.c ---- */

/* DomainValidationOptions of a new one. */
void validation_begin(struct call *c, struct certificate *certificate, const struct value *options);
/* Looks at records; true: every domain is validated. */
bool validation_look(struct call *c, struct certificate *certificate);
/* Mails for a domain, into the outbox; STR_NONE: for all. */
void validation_mail(struct call *c, const struct certificate *certificate, struct str domain);
status page_approve(struct call *c);

/* ---- others ---- */

status acm_tags_check(struct call *c, const struct value *old, const struct value *tags);
void acm_join_policies(struct cell *cell);

#endif
