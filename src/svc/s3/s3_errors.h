/* SPDX-License-Identifier: Apache-2.0
 *
 * S3's error lines, one list for the declarations here and the constants in errors.c, with the
 * sentence S3 says where it always says the same.
 */
#ifndef WEIR_SVC_S3_ERRORS_H
#define WEIR_SVC_S3_ERRORS_H

#include "cell/call.h"

/* name, code, HTTP status, retryable, S3's sentence */
#define S3_ERRORS(X)                                                                               \
    X(S3_ACCESS_DENIED, "AccessDenied", 403, false, "Access Denied")                               \
    X(S3_ACCESS_FORBIDDEN, "AccessForbidden", 403, false, "Access Forbidden")                      \
    X(S3_ACL_WITH_OWNERSHIP, "InvalidBucketAclWithObjectOwnership", 400, false,                    \
      "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced "                    \
      "setting")                                                                                   \
    X(S3_INVALID_POLICY_DOCUMENT, "InvalidPolicyDocument", 400, false,                             \
      "The content of the form does not meet the conditions specified in the policy "              \
      "document.")                                                                                 \
    X(S3_INVALID_CONFIGURATION_ID, "InvalidConfigurationId", 400, false,                           \
      "The specified configuration id is invalid.")                                                \
    X(S3_INVALID_S3_DESTINATION, "InvalidS3DestinationBucket", 400, false,                         \
      "Invalid bucket ARN.")                                                                       \
    X(S3_INVALID_LOG_TARGET, "InvalidTargetBucketForLogging", 400, false,                          \
      "The target bucket for logging does not exist")                                              \
    X(S3_MALFORMED_ACL, "MalformedACLError", 400, false,                                           \
      "The XML you provided was not well-formed or did not validate against our "                  \
      "published schema")                                                                          \
    X(S3_MISSING_HEADER, "MissingSecurityHeader", 400, false,                                      \
      "Your request was missing a required header")                                                \
    X(S3_TOO_MANY_CONFIGURATIONS, "TooManyConfigurations", 400, false,                             \
      "You are attempting to create a new configuration but have already reached the "             \
      "limit.")                                                                                    \
    X(S3_UNEXPECTED_CONTENT, "UnexpectedContent", 400, false,                                      \
      "This request does not support content")                                                     \
    X(S3_ACL_NOT_SUPPORTED, "AccessControlListNotSupported", 400, false,                           \
      "The bucket does not allow ACLs")                                                            \
    X(S3_BAD_DIGEST, "BadDigest", 400, false,                                                      \
      "The Content-MD5 you specified did not match what we received.")                             \
    X(S3_BAD_REQUEST, "BadRequest", 400, false, "Bad Request")                                     \
    X(S3_BUCKET_EXISTS, "BucketAlreadyExists", 409, false,                                         \
      "The requested bucket name is not available. The bucket namespace is shared by all users of "\
      "the system. Please select a different name and try again.")                                 \
    X(S3_BUCKET_OWNED, "BucketAlreadyOwnedByYou", 409, false,                                      \
      "Your previous request to create the named bucket succeeded and you already own it.")        \
    X(S3_BUCKET_NOT_EMPTY, "BucketNotEmpty", 409, false,                                           \
      "The bucket you tried to delete is not empty")                                               \
    X(S3_CONDITIONAL_CONFLICT, "ConditionalRequestConflict", 409, true,                            \
      "The conditional request cannot succeed due to a conflicting operation against this "        \
      "resource.")                                                                                 \
    X(S3_ENTITY_TOO_LARGE, "EntityTooLarge", 400, false,                                           \
      "Your proposed upload exceeds the maximum allowed size")                                     \
    X(S3_ENTITY_TOO_SMALL, "EntityTooSmall", 400, false,                                           \
      "Your proposed upload is smaller than the minimum allowed size")                             \
    X(S3_ILLEGAL_LOCATION, "IllegalLocationConstraintException", 400, false,                       \
      "The unspecified location constraint is incompatible for the region specific endpoint this " \
      "request was sent to.")                                                                      \
    X(S3_ILLEGAL_VERSIONING, "IllegalVersioningConfigurationException", 400, false,                \
      "The Versioning element must be specified")                                                  \
    X(S3_INCOMPLETE_BODY, "IncompleteBody", 400, false,                                            \
      "The request body terminated unexpectedly")                                                  \
    X(S3_INTERNAL, "InternalError", 500, true,                                                     \
      "We encountered an internal error. Please try again.")                                       \
    X(S3_INVALID_ARGUMENT, "InvalidArgument", 400, false, "Invalid Argument")                      \
    X(S3_INVALID_BUCKET_NAME, "InvalidBucketName", 400, false,                                     \
      "The specified bucket is not valid.")                                                        \
    X(S3_INVALID_BUCKET_STATE, "InvalidBucketState", 409, false,                                   \
      "The request is not valid for the current state of the bucket.")                             \
    X(S3_INVALID_DIGEST, "InvalidDigest", 400, false, "The Content-MD5 you specified was invalid.")\
    X(S3_INVALID_ENCRYPTION, "InvalidEncryptionAlgorithmError", 400, false,                        \
      "The encryption request that you specified is not valid.")                                   \
    X(S3_INVALID_LOCATION, "InvalidLocationConstraint", 400, false,                                \
      "The specified location-constraint is not valid")                                            \
    X(S3_INVALID_OBJECT_STATE, "InvalidObjectState", 403, false,                                   \
      "The operation is not valid for the object's storage class")                                 \
    X(S3_INVALID_PART, "InvalidPart", 400, false,                                                  \
      "One or more of the specified parts could not be found.  The part may not have been "        \
      "uploaded, or the specified entity tag may not match the part's entity tag.")                \
    X(S3_INVALID_PART_NUMBER, "InvalidPartNumber", 416, false,                                     \
      "The requested partnumber is not satisfiable")                                               \
    X(S3_INVALID_PART_ORDER, "InvalidPartOrder", 400, false,                                       \
      "The list of parts was not in ascending order. Parts must be ordered by part number.")       \
    X(S3_INVALID_POLICY, "MalformedPolicy", 400, false, "Policies must be valid JSON and the first"\
      " byte must be '{'")                                                                         \
    X(S3_INVALID_RANGE, "InvalidRange", 416, false, "The requested range is not satisfiable")      \
    X(S3_INVALID_REQUEST, "InvalidRequest", 400, false, "Invalid Request")                         \
    X(S3_INVALID_REDIRECT, "InvalidRedirectLocation", 400, false,                                  \
      "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")       \
    X(S3_INVALID_URI, "InvalidURI", 400, false, "Couldn't parse the specified URI.")               \
    X(S3_INVALID_STORAGE_CLASS, "InvalidStorageClass", 400, false,                                 \
      "The storage class you specified is not valid")                                              \
    X(S3_INVALID_TAG, "InvalidTag", 400, false, "The tag provided was not a valid tag.")           \
    X(S3_KEY_TOO_LONG, "KeyTooLongError", 400, false, "Your key is too long")                      \
    X(S3_MALFORMED_XML, "MalformedXML", 400, false,                                                \
      "The XML you provided was not well-formed or did not validate against our published schema") \
    X(S3_METADATA_TOO_LARGE, "MetadataTooLarge", 400, false,                                       \
      "Your metadata headers exceed the maximum allowed metadata size")                            \
    X(S3_METHOD_NOT_ALLOWED, "MethodNotAllowed", 405, false,                                       \
      "The specified method is not allowed against this resource.")                                \
    X(S3_MISSING_LENGTH, "MissingContentLength", 411, false,                                       \
      "You must provide the Content-Length HTTP header.")                                          \
    X(S3_NO_BUCKET, "NoSuchBucket", 404, false, "The specified bucket does not exist")             \
    X(S3_NO_BUCKET_POLICY, "NoSuchBucketPolicy", 404, false, "The bucket policy does not exist")   \
    X(S3_NO_CONFIGURATION, "NoSuchConfiguration", 404, false,                                      \
      "The specified configuration does not exist.")                                               \
    X(S3_NO_CORS, "NoSuchCORSConfiguration", 404, false, "The CORS configuration does not exist")  \
    X(S3_NO_ENCRYPTION, "ServerSideEncryptionConfigurationNotFoundError", 404, false,              \
      "The server side encryption configuration was not found")                                    \
    X(S3_NO_KEY, "NoSuchKey", 404, false, "The specified key does not exist.")                     \
    X(S3_NO_LIFECYCLE, "NoSuchLifecycleConfiguration", 404, false,                                 \
      "The lifecycle configuration does not exist")                                                \
    X(S3_NO_LOCK, "ObjectLockConfigurationNotFoundError", 404, false,                              \
      "Object Lock configuration does not exist for this bucket")                                  \
    X(S3_NO_LOCK_OBJECT, "NoSuchObjectLockConfiguration", 404, false,                              \
      "The specified object does not have a ObjectLock configuration")                             \
    X(S3_NO_OWNERSHIP, "OwnershipControlsNotFoundError", 404, false,                               \
      "The bucket ownership controls were not found")                                              \
    X(S3_NO_PUBLIC_ACCESS, "NoSuchPublicAccessBlockConfiguration", 404, false,                     \
      "The public access block configuration was not found")                                       \
    X(S3_NO_REPLICATION, "ReplicationConfigurationNotFoundError", 404, false,                      \
      "The replication configuration was not found")                                               \
    X(S3_NO_TAGS, "NoSuchTagSet", 404, false, "The TagSet does not exist")                         \
    X(S3_NO_UPLOAD, "NoSuchUpload", 404, false,                                                    \
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have " \
      "been aborted or completed.")                                                                \
    X(S3_NO_VERSION, "NoSuchVersion", 404, false, "The specified version does not exist.")         \
    X(S3_NO_WEBSITE, "NoSuchWebsiteConfiguration", 404, false,                                     \
      "The specified bucket does not have a website configuration")                                \
    X(S3_NOT_FOUND, "NotFound", 404, false, "Not Found")                                           \
    X(S3_NOT_IMPLEMENTED, "NotImplemented", 501, false,                                            \
      "A header you provided implies functionality that is not implemented")                       \
    X(S3_NOT_MODIFIED, "NotModified", 304, false, "Not Modified")                                  \
    X(S3_OPERATION_ABORTED, "OperationAborted", 409, true,                                         \
      "A conflicting conditional operation is currently in progress against this resource. Please "\
      "try again.")                                                                                \
    X(S3_PRECONDITION, "PreconditionFailed", 412, false,                                           \
      "At least one of the pre-conditions you specified did not hold")                             \
    X(S3_RESTORE_IN_PROGRESS, "RestoreAlreadyInProgress", 409, false,                              \
      "Object restore is already in progress")                                                     \
    X(S3_SLOW_DOWN, "SlowDown", 503, true, "Please reduce your request rate.")                     \
    X(S3_TIER_ERROR, "ObjectNotInActiveTierError", 403, false,                                     \
      "The source object of the COPY action is not in the active tier")                            \
    X(S3_TOO_MANY_BUCKETS, "TooManyBuckets", 400, false,                                           \
      "You have attempted to create more buckets than allowed")                                    \
    X(S3_UNRESOLVABLE_GRANT, "UnresolvableGrantByEmailAddress", 400, false,                        \
      "The email address you provided does not match any account on record.")

#define S3_ERROR_DECLARE(name, code, http, retryable, sentence) extern const struct error name;
S3_ERRORS(S3_ERROR_DECLARE)

/* Fails in S3's own sentence for that line. */
status fail_s3(struct call *c, status code) __attribute__((returns_nonnull));
/* InvalidArgument about one argument: with ArgumentName and ArgumentValue in the answer, the latter
 * unless it is STR_NONE. */
status fail_argument(struct call *c, const char *name, struct str value, const char *format, ...)
    __attribute__((format(printf, 4, 5), returns_nonnull));
/* With one more element in the error's answer: BucketName, Key, VersionId, … */
status fail_with(struct call *c, status code, const char *element, struct str value)
    __attribute__((returns_nonnull));
/* The same for what is too large: how large it is in that element, and MaxSizeAllowed. */
status fail_size(struct call *c, status code, const char *element, uint64_t size,
                 uint64_t size_max) __attribute__((returns_nonnull));

#endif
