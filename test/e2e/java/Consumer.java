// SPDX-License-Identifier: Apache-2.0
// A consumer as the Kinesis Client Library's users write it: leases in a table, a worker for each
// shard, checkpoints. Prints a line per record, "shard key data", until it has seen as many as it is
// told to; then it checkpoints and ends.
//
//   java -cp 'jars/*' Consumer.java ENDPOINT STREAM APPLICATION RECORDS polling|fanout KEY

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.KinesisClientRecord;
import software.amazon.kinesis.retrieval.RetrievalConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

public class Consumer {
    static CountDownLatch left;

    static class Processor implements ShardRecordProcessor {
        private String shard;

        public void initialize(InitializationInput input) {
            shard = input.shardId();
        }

        public void processRecords(ProcessRecordsInput input) {
            for (KinesisClientRecord record : input.records()) {
                String data = StandardCharsets.UTF_8.decode(record.data()).toString();
                System.out.println(shard + " " + record.partitionKey() + " " + data);
            }
            try {
                input.checkpointer().checkpoint();
            } catch (Exception failed) {
                System.err.println("checkpoint: " + failed);
            }
            for (int i = 0; i < input.records().size(); i++) {
                left.countDown();
            }
        }

        public void leaseLost(LeaseLostInput input) {
        }

        public void shardEnded(ShardEndedInput input) {
            try {
                input.checkpointer().checkpoint();
            } catch (Exception failed) {
                System.err.println("shard's end: " + failed);
            }
        }

        public void shutdownRequested(ShutdownRequestedInput input) {
        }
    }

    public static void main(String[] args) throws Exception {
        URI endpoint = URI.create(args[0]);
        Region region = Region.US_EAST_1;
        StaticCredentialsProvider credentials =
            StaticCredentialsProvider.create(AwsBasicCredentials.create(args[5], "secret"));
        KinesisAsyncClient kinesis = KinesisClientUtil.createKinesisAsyncClient(
            KinesisAsyncClient.builder().endpointOverride(endpoint).region(region)
                .credentialsProvider(credentials));
        DynamoDbAsyncClient table = DynamoDbAsyncClient.builder().endpointOverride(endpoint)
            .region(region).credentialsProvider(credentials).build();
        CloudWatchAsyncClient metrics = CloudWatchAsyncClient.builder().endpointOverride(endpoint)
            .region(region).credentialsProvider(credentials).build();
        left = new CountDownLatch(Integer.parseInt(args[3]));
        ConfigsBuilder configs = new ConfigsBuilder(
            new SingleStreamTracker(args[1], InitialPositionInStreamExtended.newInitialPosition(
                InitialPositionInStream.TRIM_HORIZON)),
            args[2], kinesis, table, metrics, UUID.randomUUID().toString(), Processor::new);
        RetrievalConfig retrieval = configs.retrievalConfig();
        if (args[4].equals("polling")) {
            retrieval = retrieval.retrievalSpecificConfig(new PollingConfig(args[1], kinesis));
        }
        Scheduler scheduler = new Scheduler(
            configs.checkpointConfig(), configs.coordinatorConfig(),
            configs.leaseManagementConfig().shardSyncIntervalMillis(1000).failoverTimeMillis(2000),
            configs.lifecycleConfig(),
            configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
            configs.processorConfig(), retrieval);
        Thread thread = new Thread(scheduler);
        thread.setDaemon(true);
        thread.start();
        boolean all = left.await(180, TimeUnit.SECONDS);
        scheduler.startGracefulShutdown().get(20, TimeUnit.SECONDS);
        System.exit(all ? 0 : 1);
    }
}
