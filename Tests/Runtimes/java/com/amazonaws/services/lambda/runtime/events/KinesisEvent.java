package com.amazonaws.services.lambda.runtime.events;

import java.nio.ByteBuffer;
import java.util.Date;
import java.util.List;
import java.util.Map;

/** The shapes of AWS's event classes, as far as they are hard to bind: names, dates, bytes, overloads, no setters. */
public class KinesisEvent {
    private List<KinesisEventRecord> records;

    public List<KinesisEventRecord> getRecords() {
        return records;
    }

    public void setRecords(List<KinesisEventRecord> records) {
        this.records = records;
    }

    public enum OperationType { INSERT, REMOVE }

    public static class Record {
        private ByteBuffer data;
        private Date approximateArrivalTimestamp;

        public ByteBuffer getData() {
            return data;
        }

        public void setData(ByteBuffer data) {
            this.data = data;
        }

        public Date getApproximateArrivalTimestamp() {
            return approximateArrivalTimestamp;
        }

        public void setApproximateArrivalTimestamp(Date approximateArrivalTimestamp) {
            this.approximateArrivalTimestamp = approximateArrivalTimestamp;
        }
    }

    public static class KinesisEventRecord {
        private Record kinesis;
        private String eventSourceArn;
        private String eventName;
        private Map<String, AttributeValue> keys;
        private S3Entity s3;

        public Record getKinesis() {
            return kinesis;
        }

        public void setKinesis(Record kinesis) {
            this.kinesis = kinesis;
        }

        public String getEventSourceArn() {
            return eventSourceArn;
        }

        public void setEventSourceArn(String eventSourceArn) {
            this.eventSourceArn = eventSourceArn;
        }

        public String getEventName() {
            return eventName;
        }

        public void setEventName(String eventName) {
            this.eventName = eventName;
        }

        public void setEventName(OperationType eventName) {
            this.eventName = "of " + eventName;
        }

        public Map<String, AttributeValue> getKeys() {
            return keys;
        }

        public void setKeys(Map<String, AttributeValue> keys) {
            this.keys = keys;
        }

        public S3Entity getS3() {
            return s3;
        }

        public void setS3(S3Entity s3) {
            this.s3 = s3;
        }
    }

    public static class AttributeValue {
        private String s;
        private Boolean nULLValue;
        private ByteBuffer b;
        private List<AttributeValue> l;

        public String getS() {
            return s;
        }

        public void setS(String s) {
            this.s = s;
        }

        public Boolean isNULL() {
            return nULLValue;
        }

        public void setNULL(Boolean value) {
            nULLValue = value;
        }

        public ByteBuffer getB() {
            return b;
        }

        public void setB(ByteBuffer b) {
            this.b = b;
        }

        public List<AttributeValue> getL() {
            return l;
        }

        public void setL(List<AttributeValue> l) {
            this.l = l;
        }
    }

    /** Made by its constructor alone. */
    public static class S3Entity {
        private final String configurationId;
        private final Long size;

        public S3Entity(String configurationId, Long size) {
            this.configurationId = configurationId;
            this.size = size;
        }

        public String getConfigurationId() {
            return configurationId;
        }

        public Long getSize() {
            return size;
        }
    }
}
