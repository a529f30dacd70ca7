/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS's managed policies. Source: "AWS Managed Policy Reference Guide". ReadOnlyAccess names the
 * services that weir has or will have, by patterns; others say what AWS's say, or what of it is
 * about those services.
 */
#include "svc/iam/aws_policies.h"

const struct aws_policy aws_policies[] = {
    {"/", "AdministratorAccess",
     "Provides full access to AWS services and resources.",
     "*", NULL},
    {"/", "AmazonAPIGatewayAdministrator",
     "Provides full access to create, edit and delete APIs in Amazon API Gateway.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"apigateway:*\"],\"Resource\":\"arn:aws:apigateway:*::/*\"}]}"},
    {"/", "AmazonAPIGatewayInvokeFullAccess",
     "Provides full access to invoke APIs in Amazon API Gateway.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"execute-api:Invoke\",\"execute-api:ManageConnections\"],"
     "\"Resource\":\"arn:aws:execute-api:*:*:*\"}]}"},
    {"/service-role/", "AmazonAPIGatewayPushToCloudWatchLogs",
     "Allows API Gateway to push logs to the user's account.",
     "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups "
     "logs:DescribeLogStreams logs:PutLogEvents logs:GetLogEvents logs:FilterLogEvents", NULL},
    {"/", "AmazonAthenaFullAccess",
     "Provides full access to Amazon Athena and scoped access to the dependencies needed "
     "to enable querying.",
     "athena:* glue:CreateDatabase glue:DeleteDatabase glue:GetDatabase glue:GetDatabases "
     "glue:UpdateDatabase glue:CreateTable glue:DeleteTable glue:BatchDeleteTable "
     "glue:UpdateTable glue:GetTable glue:GetTables glue:BatchCreatePartition "
     "glue:CreatePartition glue:DeletePartition glue:BatchDeletePartition "
     "glue:UpdatePartition glue:GetPartition glue:GetPartitions glue:BatchGetPartition "
     "s3:GetBucketLocation s3:GetObject s3:ListBucket s3:ListBucketMultipartUploads "
     "s3:ListMultipartUploadParts s3:AbortMultipartUpload s3:CreateBucket s3:PutObject "
     "s3:ListAllMyBuckets sns:ListTopics sns:GetTopicAttributes cloudwatch:PutMetricAlarm "
     "cloudwatch:DescribeAlarms cloudwatch:DeleteAlarms cloudwatch:GetMetricData", NULL},
    {"/", "AmazonCognitoPowerUser",
     "Provides administrative access to existing Amazon Cognito resources.",
     "cognito-identity:* cognito-idp:* cognito-sync:* iam:ListRoles "
     "iam:ListOpenIdConnectProviders iam:GetRole iam:ListSAMLProviders iam:GetSAMLProvider "
     "kinesis:ListStreams lambda:GetPolicy lambda:ListFunctions "
     "sns:GetSMSSandboxAccountStatus sns:ListPlatformApplications ses:ListIdentities "
     "ses:GetIdentityVerificationAttributes acm:ListCertificates", NULL},
    {"/", "AmazonCognitoReadOnly",
     "Provides read only access to Amazon Cognito resources.",
     "cognito-identity:Describe* cognito-identity:Get* cognito-identity:List* "
     "cognito-idp:Describe* cognito-idp:AdminGet* cognito-idp:AdminList* cognito-idp:List* "
     "cognito-idp:Get* cognito-sync:Describe* cognito-sync:Get* cognito-sync:List* "
     "iam:ListOpenIdConnectProviders iam:ListRoles sns:ListPlatformApplications", NULL},
    {"/", "AmazonDynamoDBFullAccess",
     "Provides full access to Amazon DynamoDB.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"dynamodb:*\",\"dax:*\",\"application-autoscaling:DeleteScalingPolicy\","
     "\"application-autoscaling:DeregisterScalableTarget\","
     "\"application-autoscaling:DescribeScalableTargets\","
     "\"application-autoscaling:DescribeScalingActivities\","
     "\"application-autoscaling:DescribeScalingPolicies\","
     "\"application-autoscaling:PutScalingPolicy\","
     "\"application-autoscaling:RegisterScalableTarget\",\"cloudwatch:DeleteAlarms\","
     "\"cloudwatch:DescribeAlarmHistory\",\"cloudwatch:DescribeAlarms\","
     "\"cloudwatch:DescribeAlarmsForMetric\",\"cloudwatch:GetMetricStatistics\","
     "\"cloudwatch:ListMetrics\",\"cloudwatch:PutMetricAlarm\","
     "\"cloudwatch:GetMetricData\",\"iam:GetRole\",\"iam:ListRoles\",\"kms:DescribeKey\","
     "\"kms:ListAliases\",\"sns:CreateTopic\",\"sns:DeleteTopic\","
     "\"sns:ListSubscriptions\",\"sns:ListSubscriptionsByTopic\",\"sns:ListTopics\","
     "\"sns:Subscribe\",\"sns:Unsubscribe\",\"sns:SetTopicAttributes\","
     "\"lambda:CreateFunction\",\"lambda:ListFunctions\","
     "\"lambda:ListEventSourceMappings\",\"lambda:CreateEventSourceMapping\","
     "\"lambda:DeleteEventSourceMapping\",\"lambda:GetFunctionConfiguration\","
     "\"lambda:DeleteFunction\",\"resource-groups:ListGroups\",\"tag:GetResources\","
     "\"kinesis:ListStreams\",\"kinesis:DescribeStream\","
     "\"kinesis:DescribeStreamSummary\"],\"Resource\":\"*\"},{\"Effect\":\"Allow\","
     "\"Action\":\"cloudwatch:GetInsightRuleReport\","
     "\"Resource\":\"arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*\"},"
     "{\"Effect\":\"Allow\",\"Action\":[\"iam:PassRole\"],\"Resource\":\"*\","
     "\"Condition\":{\"StringLike\":{\"iam:PassedToService\":[\"application-autoscaling.ama"
     "zonaws.com\",\"application-autoscaling.amazonaws.com.cn\",\"dax.amazonaws.com\"]}}}]}"},
    {"/", "AmazonDynamoDBFullAccess_v2",
     "Provides full access to Amazon DynamoDB.",
     "dynamodb:* application-autoscaling:DescribeScalableTargets "
     "application-autoscaling:DescribeScalingActivities "
     "application-autoscaling:DescribeScalingPolicies cloudwatch:DescribeAlarms "
     "cloudwatch:GetMetricData cloudwatch:ListMetrics kms:DescribeKey kms:ListAliases "
     "kinesis:DescribeStream kinesis:ListStreams tag:GetResources", NULL},
    {"/", "AmazonDynamoDBReadOnlyAccess",
     "Provides read only access to Amazon DynamoDB.",
     "application-autoscaling:DescribeScalableTargets "
     "application-autoscaling:DescribeScalingActivities "
     "application-autoscaling:DescribeScalingPolicies cloudwatch:DescribeAlarmHistory "
     "cloudwatch:DescribeAlarms cloudwatch:DescribeAlarmsForMetric "
     "cloudwatch:GetMetricStatistics cloudwatch:ListMetrics cloudwatch:GetMetricData "
     "dynamodb:BatchGetItem dynamodb:Describe* dynamodb:List* dynamodb:GetAbacStatus "
     "dynamodb:GetItem dynamodb:GetResourcePolicy dynamodb:Query dynamodb:Scan "
     "dynamodb:PartiQLSelect dax:Describe* dax:List* dax:GetItem dax:BatchGetItem "
     "dax:Query dax:Scan iam:GetRole iam:ListRoles kms:DescribeKey kms:ListAliases "
     "sns:ListSubscriptionsByTopic sns:ListTopics lambda:ListFunctions "
     "lambda:ListEventSourceMappings lambda:GetFunctionConfiguration "
     "resource-groups:ListGroups tag:GetResources kinesis:ListStreams "
     "kinesis:DescribeStream kinesis:DescribeStreamSummary", NULL},
    {"/", "AmazonEC2FullAccess",
     "Provides full access to Amazon EC2.",
     "ec2:* elasticloadbalancing:* cloudwatch:* autoscaling:*", NULL},
    {"/", "AmazonEC2ReadOnlyAccess",
     "Provides read only access to Amazon EC2.",
     "ec2:Describe* ec2:GetSecurityGroupsForVpc elasticloadbalancing:Describe* "
     "cloudwatch:ListMetrics cloudwatch:GetMetricStatistics cloudwatch:Describe* "
     "autoscaling:Describe*", NULL},
    {"/service-role/", "AmazonECSTaskExecutionRolePolicy",
     "Provides access to other AWS service resources that are required to run Amazon ECS "
     "tasks.",
     "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer "
     "ecr:BatchGetImage logs:CreateLogStream logs:PutLogEvents", NULL},
    {"/", "AmazonEventBridgeFullAccess",
     "Provides full access to Amazon EventBridge.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"EventBridgeActions\","
     "\"Effect\":\"Allow\",\"Action\":[\"events:*\",\"schemas:*\",\"scheduler:*\","
     "\"pipes:*\"],\"Resource\":\"*\"},{\"Sid\":\"IAMPassRoleAccessForEventBridge\","
     "\"Effect\":\"Allow\",\"Action\":\"iam:PassRole\","
     "\"Resource\":\"arn:aws:iam::*:role/*\","
     "\"Condition\":{\"StringLike\":{\"iam:PassedToService\":\"events.amazonaws.com\"}}},"
     "{\"Sid\":\"IAMPassRoleAccessForScheduler\",\"Effect\":\"Allow\","
     "\"Action\":\"iam:PassRole\",\"Resource\":\"arn:aws:iam::*:role/*\","
     "\"Condition\":{\"StringLike\":{\"iam:PassedToService\":\"scheduler.amazonaws.com\"}}}"
     ",{\"Sid\":\"IAMPassRoleAccessForPipes\",\"Effect\":\"Allow\","
     "\"Action\":\"iam:PassRole\",\"Resource\":\"arn:aws:iam::*:role/*\","
     "\"Condition\":{\"StringLike\":{\"iam:PassedToService\":\"pipes.amazonaws.com\"}}}]}"},
    {"/", "AmazonEventBridgeReadOnlyAccess",
     "Provides read only access to Amazon EventBridge.",
     "events:Describe* events:List* events:TestEventPattern schemas:Describe* "
     "schemas:List* schemas:Search* schemas:ExportSchema schemas:Get* scheduler:Get* "
     "scheduler:List* pipes:Describe* pipes:List*", NULL},
    {"/", "AmazonEventBridgeSchedulerFullAccess",
     "Provides full access to Amazon EventBridge Scheduler.",
     "scheduler:*", NULL},
    {"/", "AmazonEventBridgeSchedulerReadOnlyAccess",
     "Provides read only access to Amazon EventBridge Scheduler.",
     "scheduler:ListSchedules scheduler:ListScheduleGroups scheduler:GetSchedule "
     "scheduler:GetScheduleGroup scheduler:ListTagsForResource", NULL},
    {"/", "AmazonKinesisFirehoseFullAccess",
     "Provides full access to all delivery streams.",
     "firehose:*", NULL},
    {"/", "AmazonKinesisFirehoseReadOnlyAccess",
     "Provides read only access to all delivery streams.",
     "firehose:Describe* firehose:List*", NULL},
    {"/", "AmazonKinesisFullAccess",
     "Provides full access to all streams.",
     "kinesis:*", NULL},
    {"/", "AmazonKinesisReadOnlyAccess",
     "Provides read only access to all streams.",
     "kinesis:Get* kinesis:List* kinesis:Describe*", NULL},
    {"/", "AmazonRoute53FullAccess",
     "Provides full access to all Amazon Route 53.",
     "route53:* route53domains:* cloudfront:ListDistributions "
     "cloudfront:GetDistributionTenantByDomain elasticloadbalancing:DescribeLoadBalancers "
     "elasticbeanstalk:DescribeEnvironments s3:ListAllMyBuckets s3:GetBucketLocation "
     "s3:GetBucketWebsite ec2:DescribeVpcs ec2:DescribeVpcEndpoints ec2:DescribeRegions "
     "sns:ListTopics sns:ListSubscriptionsByTopic cloudwatch:DescribeAlarms "
     "cloudwatch:GetMetricStatistics", NULL},
    {"/", "AmazonRoute53ReadOnlyAccess",
     "Provides read only access to all Amazon Route 53.",
     "route53:Get* route53:List* route53:TestDNSAnswer", NULL},
    {"/", "AmazonS3FullAccess",
     "Provides full access to all buckets.",
     "s3:* s3-object-lambda:*", NULL},
    {"/", "AmazonS3ReadOnlyAccess",
     "Provides read only access to all buckets.",
     "s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*", NULL},
    {"/", "AmazonSNSFullAccess",
     "Provides full access to Amazon SNS.",
     "sns:*", NULL},
    {"/", "AmazonSNSReadOnlyAccess",
     "Provides read only access to Amazon SNS.",
     "sns:GetTopicAttributes sns:List* sns:CheckIfPhoneNumberIsOptedOut "
     "sns:GetEndpointAttributes sns:GetDataProtectionPolicy "
     "sns:GetPlatformApplicationAttributes sns:GetSMSAttributes "
     "sns:GetSMSSandboxAccountStatus sns:GetSubscriptionAttributes", NULL},
    {"/", "AmazonSQSFullAccess",
     "Provides full access to Amazon SQS.",
     "sqs:*", NULL},
    {"/", "AmazonSQSReadOnlyAccess",
     "Provides read only access to Amazon SQS.",
     "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListDeadLetterSourceQueues sqs:ListQueues "
     "sqs:ListMessageMoveTasks sqs:ListQueueTags", NULL},
    {"/", "AmazonSSMFullAccess",
     "Provides full access to Amazon SSM.",
     "cloudwatch:PutMetricData ds:CreateComputer ds:DescribeDirectories "
     "ec2:DescribeInstanceStatus logs:* ssm:* ec2messages:*", NULL},
    {"/", "AmazonSSMManagedInstanceCore",
     "The policy for Amazon EC2 Role to enable AWS Systems Manager service core "
     "functionality.",
     "ssm:DescribeAssociation ssm:GetDeployablePatchSnapshotForInstance ssm:GetDocument "
     "ssm:DescribeDocument ssm:GetManifest ssm:GetParameter ssm:GetParameters "
     "ssm:ListAssociations ssm:ListInstanceAssociations ssm:PutInventory "
     "ssm:PutComplianceItems ssm:PutConfigurePackageResult ssm:UpdateAssociationStatus "
     "ssm:UpdateInstanceAssociationStatus ssm:UpdateInstanceInformation "
     "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel "
     "ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel "
     "ec2messages:AcknowledgeMessage ec2messages:DeleteMessage ec2messages:FailMessage "
     "ec2messages:GetEndpoint ec2messages:GetMessages ec2messages:SendReply", NULL},
    {"/", "AmazonSSMReadOnlyAccess",
     "Provides read only access to Amazon SSM.",
     "ssm:Describe* ssm:Get* ssm:List*", NULL},
    {"/", "AmazonVPCReadOnlyAccess",
     "Provides read only access to Amazon VPC.",
     "ec2:Describe* ec2:GetNetworkInsightsAccessScopeContent ec2:SearchLocalGatewayRoutes", NULL},
    {"/", "AutoScalingFullAccess",
     "Provides full access to Auto Scaling.",
     "autoscaling:* cloudwatch:PutMetricAlarm ec2:DescribeAccountAttributes "
     "ec2:DescribeAvailabilityZones ec2:DescribeImages ec2:DescribeInstanceAttribute "
     "ec2:DescribeInstances ec2:DescribeKeyPairs ec2:DescribeLaunchTemplateVersions "
     "ec2:DescribePlacementGroups ec2:DescribeSecurityGroups "
     "ec2:DescribeSpotInstanceRequests ec2:DescribeSubnets ec2:DescribeVpcClassicLink "
     "elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeTargetGroups", NULL},
    {"/", "AWSCertificateManagerFullAccess",
     "Provides full access to AWS Certificate Manager.",
     "acm:*", NULL},
    {"/", "AWSCertificateManagerReadOnly",
     "Provides read only access to AWS Certificate Manager.",
     "acm:DescribeCertificate acm:ListCertificates acm:GetCertificate "
     "acm:ListTagsForCertificate acm:GetAccountConfiguration", NULL},
    {"/", "AWSCloudFormationFullAccess",
     "Provides full access to AWS CloudFormation.",
     "cloudformation:*", NULL},
    {"/", "AWSCloudFormationReadOnlyAccess",
     "Provides access to AWS CloudFormation.",
     "cloudformation:Describe* cloudformation:EstimateTemplateCost cloudformation:Get* "
     "cloudformation:List* cloudformation:ValidateTemplate cloudformation:Detect*", NULL},
    {"/service-role/", "AWSGlueServiceRole",
     "Policy for AWS Glue service role which allows access to related services.",
     "glue:* s3:GetBucketLocation s3:ListBucket s3:ListAllMyBuckets s3:GetBucketAcl "
     "s3:GetObject s3:PutObject s3:DeleteObject ec2:DescribeVpcEndpoints "
     "ec2:DescribeRouteTables ec2:CreateNetworkInterface ec2:DeleteNetworkInterface "
     "ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets "
     "ec2:DescribeVpcAttribute iam:ListRolePolicies iam:GetRole iam:GetRolePolicy "
     "cloudwatch:PutMetricData logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents", NULL},
    {"/", "AWSKeyManagementServicePowerUser",
     "Provides access to AWS Key Management Service.",
     "kms:CreateAlias kms:CreateKey kms:DeleteAlias kms:Describe* kms:GenerateRandom "
     "kms:Get* kms:List* kms:TagResource kms:UntagResource iam:ListGroups iam:ListRoles "
     "iam:ListUsers", NULL},
    {"/", "AWSLambda_FullAccess",
     "Grants full access to AWS Lambda service, AWS Lambda console features, and other "
     "related AWS services.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"cloudformation:DescribeStacks\",\"cloudformation:ListStackResources\","
     "\"cloudwatch:ListMetrics\",\"cloudwatch:GetMetricData\","
     "\"ec2:DescribeSecurityGroups\",\"ec2:DescribeSubnets\",\"ec2:DescribeVpcs\","
     "\"kms:ListAliases\",\"iam:GetPolicy\",\"iam:GetPolicyVersion\",\"iam:GetRole\","
     "\"iam:GetRolePolicy\",\"iam:ListAttachedRolePolicies\",\"iam:ListRolePolicies\","
     "\"iam:ListRoles\",\"logs:DescribeLogGroups\",\"states:DescribeStateMachine\","
     "\"states:ListStateMachines\",\"tag:GetResources\",\"xray:GetTraceSummaries\","
     "\"xray:BatchGetTraces\",\"lambda:*\"],\"Resource\":\"*\"},{\"Effect\":\"Allow\","
     "\"Action\":\"iam:PassRole\",\"Resource\":\"*\","
     "\"Condition\":{\"StringEquals\":{\"iam:PassedToService\":\"lambda.amazonaws.com\"}}},"
     "{\"Effect\":\"Allow\",\"Action\":[\"logs:DescribeLogStreams\",\"logs:GetLogEvents\","
     "\"logs:FilterLogEvents\"],"
     "\"Resource\":\"arn:aws:logs:*:*:log-group:/aws/lambda/*\"}]}"},
    {"/", "AWSLambda_ReadOnlyAccess",
     "Grants read-only access to AWS Lambda service, AWS Lambda console features, and "
     "other related AWS services.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"cloudformation:DescribeStacks\",\"cloudformation:ListStackResources\","
     "\"cloudwatch:ListMetrics\",\"cloudwatch:GetMetricData\","
     "\"ec2:DescribeSecurityGroups\",\"ec2:DescribeSubnets\",\"ec2:DescribeVpcs\","
     "\"kms:ListAliases\",\"iam:GetPolicy\",\"iam:GetPolicyVersion\",\"iam:GetRole\","
     "\"iam:GetRolePolicy\",\"iam:ListAttachedRolePolicies\",\"iam:ListRolePolicies\","
     "\"iam:ListRoles\",\"logs:DescribeLogGroups\",\"states:DescribeStateMachine\","
     "\"states:ListStateMachines\",\"tag:GetResources\",\"xray:GetTraceSummaries\","
     "\"xray:BatchGetTraces\",\"lambda:Get*\",\"lambda:List*\"],\"Resource\":\"*\"},"
     "{\"Effect\":\"Allow\",\"Action\":[\"logs:DescribeLogStreams\",\"logs:GetLogEvents\","
     "\"logs:FilterLogEvents\"],"
     "\"Resource\":\"arn:aws:logs:*:*:log-group:/aws/lambda/*\"}]}"},
    {"/service-role/", "AWSLambdaBasicExecutionRole",
     "Provides write permissions to CloudWatch Logs.",
     "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents", NULL},
    {"/service-role/", "AWSLambdaDynamoDBExecutionRole",
     "Provides list and read access to DynamoDB streams and write permissions to "
     "CloudWatch Logs.",
     "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator "
     "dynamodb:ListStreams logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents", NULL},
    {"/service-role/", "AWSLambdaENIManagementAccess",
     "Provides minimum permissions for a Lambda function to manage ENIs used by a "
     "VPC-enabled Lambda function.",
     "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DeleteNetworkInterface "
     "ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses", NULL},
    {"/", "AWSLambdaExecute",
     "Provides Put, Get access to S3 and full access to CloudWatch Logs.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"logs:*\"],\"Resource\":\"arn:aws:logs:*:*:*\"},{\"Effect\":\"Allow\","
     "\"Action\":[\"s3:GetObject\",\"s3:PutObject\"],\"Resource\":\"arn:aws:s3:::*\"}]}"},
    {"/", "AWSLambdaInvocation-DynamoDB",
     "Provides read access to DynamoDB Streams.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"lambda:InvokeFunction\"],\"Resource\":\"*\"},{\"Effect\":\"Allow\","
     "\"Action\":[\"dynamodb:DescribeStream\",\"dynamodb:GetRecords\","
     "\"dynamodb:GetShardIterator\",\"dynamodb:ListStreams\"],\"Resource\":\"*\"}]}"},
    {"/service-role/", "AWSLambdaKinesisExecutionRole",
     "Provides list and read access to Kinesis streams and write permissions to CloudWatch "
     "Logs.",
     "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords "
     "kinesis:GetShardIterator kinesis:ListShards kinesis:ListStreams "
     "kinesis:SubscribeToShard logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents", NULL},
    {"/service-role/", "AWSLambdaMSKExecutionRole",
     "Provides permissions required to access MSK clusters within a VPC and to write to "
     "CloudWatch Logs.",
     "kafka:DescribeCluster kafka:DescribeClusterV2 kafka:GetBootstrapBrokers "
     "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeVpcs "
     "ec2:DeleteNetworkInterface ec2:DescribeSubnets ec2:DescribeSecurityGroups "
     "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents", NULL},
    {"/service-role/", "AWSLambdaRole",
     "Default policy for the AWS Lambda service role.",
     "lambda:InvokeFunction", NULL},
    {"/service-role/", "AWSLambdaSQSQueueExecutionRole",
     "Provides receive message, delete message, and read attribute access to SQS queues, "
     "and write permissions to CloudWatch Logs.",
     "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes logs:CreateLogGroup "
     "logs:CreateLogStream logs:PutLogEvents", NULL},
    {"/service-role/", "AWSLambdaVPCAccessExecutionRole",
     "Provides minimum permissions for a Lambda function to execute while accessing a "
     "resource within a VPC.",
     "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents "
     "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets "
     "ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses "
     "ec2:UnassignPrivateIpAddresses", NULL},
    {"/", "AWSStepFunctionsFullAccess",
     "Provides access to use all of AWS Step Functions.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":\"states:*\",\"Resource\":\"*\"}]}"},
    {"/", "AWSStepFunctionsReadOnlyAccess",
     "Provides read only access to AWS Step Functions.",
     "states:ListStateMachines states:ListActivities states:DescribeStateMachine "
     "states:DescribeStateMachineForExecution states:ListExecutions "
     "states:DescribeExecution states:GetExecutionHistory states:DescribeActivity "
     "states:ValidateStateMachineDefinition states:ListMapRuns states:DescribeMapRun "
     "states:ListStateMachineAliases states:DescribeStateMachineAlias "
     "states:ListStateMachineVersions", NULL},
    {"/", "AWSXRayDaemonWriteAccess",
     "Allows the AWS X-Ray daemon to relay trace segments and to retrieve sampling data.",
     "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules "
     "xray:GetSamplingTargets xray:GetSamplingStatisticSummaries", NULL},
    {"/", "AWSXrayFullAccess",
     "AWS X-Ray full access managed policy.",
     "xray:*", NULL},
    {"/", "AWSXrayReadOnlyAccess",
     "AWS X-Ray read only managed policy.",
     "xray:GetSamplingRules xray:GetSamplingTargets xray:GetSamplingStatisticSummaries "
     "xray:BatchGetTraces xray:BatchGetTraceSummaryById xray:GetDistinctTraceGraphs "
     "xray:GetServiceGraph xray:GetTraceGraph xray:GetTraceSummaries xray:GetGroups "
     "xray:GetGroup xray:ListTagsForResource xray:ListResourcePolicies "
     "xray:GetTimeSeriesServiceStatistics xray:GetInsightSummaries xray:GetInsight "
     "xray:GetInsightEvents xray:GetInsightImpactGraph", NULL},
    {"/", "AWSXrayWriteOnlyAccess",
     "AWS X-Ray write only managed policy.",
     "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules "
     "xray:GetSamplingTargets xray:GetSamplingStatisticSummaries", NULL},
    {"/", "CloudWatchAgentServerPolicy",
     "Permissions required to use AmazonCloudWatchAgent on servers.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"cloudwatch:PutMetricData\",\"ec2:DescribeVolumes\","
     "\"ec2:DescribeTags\",\"logs:PutLogEvents\",\"logs:PutRetentionPolicy\","
     "\"logs:DescribeLogStreams\",\"logs:DescribeLogGroups\",\"logs:CreateLogStream\","
     "\"logs:CreateLogGroup\",\"xray:PutTraceSegments\",\"xray:PutTelemetryRecords\","
     "\"xray:GetSamplingRules\",\"xray:GetSamplingTargets\","
     "\"xray:GetSamplingStatisticSummaries\"],\"Resource\":\"*\"},{\"Effect\":\"Allow\","
     "\"Action\":[\"ssm:GetParameter\"],"
     "\"Resource\":\"arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*\"}]}"},
    {"/", "CloudWatchFullAccess",
     "Provides full access to CloudWatch.",
     "autoscaling:Describe* cloudwatch:* logs:* sns:* iam:GetPolicy iam:GetPolicyVersion "
     "iam:GetRole oam:ListSinks", NULL},
    {"/", "CloudWatchFullAccessV2",
     "Provides full access to CloudWatch.",
     "application-autoscaling:DescribeScalingPolicies "
     "autoscaling:DescribeAutoScalingGroups autoscaling:DescribePolicies cloudwatch:* "
     "logs:* sns:CreateTopic sns:ListSubscriptions sns:ListSubscriptionsByTopic "
     "sns:ListTopics sns:Subscribe iam:GetPolicy iam:GetPolicyVersion iam:GetRole "
     "oam:ListSinks xray:*", NULL},
    {"/", "CloudWatchLambdaInsightsExecutionRolePolicy",
     "Policy required for the Lambda Insights extension.",
     "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents", NULL},
    {"/", "CloudWatchLogsFullAccess",
     "Provides full access to CloudWatch Logs.",
     "logs:* cloudwatch:GenerateQuery cloudwatch:GenerateQueryResultsSummary", NULL},
    {"/", "CloudWatchLogsReadOnlyAccess",
     "Provides read only access to CloudWatch Logs.",
     "logs:Describe* logs:Get* logs:List* logs:StartQuery logs:StopQuery "
     "logs:TestMetricFilter logs:FilterLogEvents logs:StartLiveTail logs:StopLiveTail "
     "cloudwatch:GenerateQuery cloudwatch:GenerateQueryResultsSummary", NULL},
    {"/", "CloudWatchReadOnlyAccess",
     "Provides read only access to CloudWatch.",
     "application-autoscaling:DescribeScalingPolicies autoscaling:Describe* "
     "cloudwatch:BatchGet* cloudwatch:Describe* cloudwatch:GenerateQuery cloudwatch:Get* "
     "cloudwatch:List* logs:Get* logs:List* logs:StartQuery logs:StopQuery logs:Describe* "
     "logs:TestMetricFilter logs:FilterLogEvents logs:StartLiveTail logs:StopLiveTail "
     "oam:ListSinks sns:Get* sns:List* xray:BatchGet* xray:Get* xray:List*", NULL},
    {"/", "ElasticLoadBalancingFullAccess",
     "Provides full access to Elastic Load Balancing.",
     "elasticloadbalancing:* ec2:DescribeAccountAttributes ec2:DescribeAddresses "
     "ec2:DescribeInternetGateways ec2:DescribeSecurityGroups ec2:DescribeSubnets "
     "ec2:DescribeVpcs ec2:DescribeVpcClassicLink ec2:DescribeInstances "
     "ec2:DescribeNetworkInterfaces ec2:DescribeClassicLinkInstances "
     "ec2:DescribeRouteTables ec2:DescribeCoipPools ec2:GetCoipPoolUsage "
     "ec2:DescribeVpcPeeringConnections cognito-idp:DescribeUserPoolClient", NULL},
    {"/", "IAMFullAccess",
     "Provides full access to IAM.",
     "iam:* organizations:DescribeAccount organizations:DescribeOrganization "
     "organizations:DescribeOrganizationalUnit organizations:DescribePolicy "
     "organizations:ListChildren organizations:ListParents "
     "organizations:ListPoliciesForTarget organizations:ListRoots "
     "organizations:ListPolicies organizations:ListTargetsForPolicy", NULL},
    {"/", "IAMReadOnlyAccess",
     "Provides read only access to IAM.",
     "iam:GenerateCredentialReport iam:GenerateServiceLastAccessedDetails iam:Get* "
     "iam:List* iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy", NULL},
    {"/", "IAMUserChangePassword",
     "Provides the ability for an IAM user to change their own password.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"iam:ChangePassword\"],"
     "\"Resource\":[\"arn:aws:iam::*:user/${aws:username}\"]},{\"Effect\":\"Allow\","
     "\"Action\":[\"iam:GetAccountPasswordPolicy\"],\"Resource\":\"*\"}]}"},
    {"/", "PowerUserAccess",
     "Provides full access to AWS services and resources, but does not allow management of "
     "Users and groups.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"NotAction\":[\"iam:*\",\"organizations:*\",\"account:*\"],\"Resource\":\"*\"},"
     "{\"Effect\":\"Allow\",\"Action\":[\"account:GetAccountInformation\","
     "\"account:GetGovCloudAccountInformation\",\"account:GetPrimaryEmail\","
     "\"account:ListRegions\",\"iam:CreateServiceLinkedRole\","
     "\"iam:DeleteServiceLinkedRole\",\"iam:ListRoles\","
     "\"organizations:DescribeOrganization\",\"organizations:DescribeEffectivePolicy\"],"
     "\"Resource\":\"*\"}]}"},
    {"/", "ReadOnlyAccess",
     "Provides read-only access to AWS services and resources.",
     "acm:Describe* acm:Get* acm:List* apigateway:GET application-autoscaling:Describe* "
     "application-autoscaling:Get* application-autoscaling:List* athena:Batch* athena:Get* "
     "athena:List* autoscaling:Describe* autoscaling:Get* autoscaling:List* "
     "backup:Describe* backup:Get* backup:List* cloudformation:Describe* "
     "cloudformation:Detect* cloudformation:Estimate* cloudformation:Get* "
     "cloudformation:List* cloudtrail:Describe* cloudtrail:Get* cloudtrail:List* "
     "cloudtrail:LookupEvents cloudwatch:Describe* cloudwatch:Get* cloudwatch:List* "
     "cognito-identity:Describe* cognito-identity:Get* cognito-identity:List* "
     "cognito-idp:AdminGet* cognito-idp:AdminList* cognito-idp:Describe* cognito-idp:Get* "
     "cognito-idp:List* dynamodb:BatchGet* dynamodb:Describe* dynamodb:Get* dynamodb:List* "
     "dynamodb:PartiQLSelect dynamodb:Query dynamodb:Scan ec2:Describe* ec2:Get* ec2:List* "
     "ec2:Search* elasticloadbalancing:Describe* elasticloadbalancing:Get* "
     "elasticloadbalancing:List* events:Describe* events:List* events:Test* "
     "firehose:Describe* firehose:Get* firehose:List* fsx:Describe* fsx:Get* fsx:List* "
     "glue:BatchGet* glue:Get* glue:List* glue:Search* iam:Generate* iam:Get* iam:List* "
     "iam:Simulate* imagebuilder:Describe* imagebuilder:Get* imagebuilder:List* "
     "kinesis:Describe* kinesis:Get* kinesis:List* kms:Describe* kms:Get* kms:List* "
     "lambda:Describe* lambda:Get* lambda:List* logs:Describe* logs:Filter* logs:Get* "
     "logs:List* logs:StartQuery logs:StopQuery logs:TestMetricFilter pipes:Describe* "
     "pipes:Get* pipes:List* route53:Get* route53:List* route53:Test* s3:Describe* s3:Get* "
     "s3:List* scheduler:Describe* scheduler:Get* scheduler:List* schemas:Describe* "
     "schemas:Get* schemas:List* secretsmanager:Describe* secretsmanager:GetResourcePolicy "
     "secretsmanager:List* sns:Describe* sns:Get* sns:List* sqs:Get* sqs:List* "
     "ssm:Describe* ssm:Get* ssm:List* states:Describe* states:Get* states:List* "
     "sts:GetAccessKeyInfo sts:GetCallerIdentity sts:GetSessionToken tag:Get* "
     "xray:BatchGet* xray:Get* xray:List*", NULL},
    {"/", "SecretsManagerReadWrite",
     "Provides read/write access to AWS Secrets Manager.",
     NULL,
     "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
     "\"Action\":[\"secretsmanager:*\",\"cloudformation:CreateChangeSet\","
     "\"cloudformation:DescribeChangeSet\",\"cloudformation:DescribeStackResource\","
     "\"cloudformation:DescribeStacks\",\"cloudformation:ExecuteChangeSet\","
     "\"ec2:DescribeSecurityGroups\",\"ec2:DescribeSubnets\",\"ec2:DescribeVpcs\","
     "\"kms:DescribeKey\",\"kms:ListAliases\",\"kms:ListKeys\",\"lambda:ListFunctions\","
     "\"tag:GetResources\"],\"Resource\":\"*\"},{\"Effect\":\"Allow\","
     "\"Action\":[\"lambda:AddPermission\",\"lambda:CreateFunction\","
     "\"lambda:GetFunction\",\"lambda:InvokeFunction\","
     "\"lambda:UpdateFunctionConfiguration\"],"
     "\"Resource\":\"arn:aws:lambda:*:*:function:SecretsManager*\"}]}"},
};

const size_t aws_policy_count = sizeof(aws_policies) / sizeof(aws_policies[0]);
