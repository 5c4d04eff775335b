import AWSClients
import Foundation
import SystemPackage
import Testing
import ThawCommand

@Suite struct TemplateTests {
    private func template(_ text: String) throws -> Template { try Template(text: text, directory: "/project") }

    private func settings(_ function: TemplateFunction) throws -> [String: any Sendable] {
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(function.settings))
        return try #require(json as? [String: any Sendable])
    }

    @Test func everythingAFunctionMayHave() throws {
        let template = try template(
            """
            AWSTemplateFormatVersion: '2010-09-09'
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              Stage: {Type: String, Default: test}
            Globals:
              Function:
                Runtime: python3.11
                Timeout: 10
                Environment: {Variables: {STAGE: !Ref Stage, SHARED: one}}
            Resources:
              Jobs:
                Type: AWS::SQS::Queue
                Properties: {QueueName: jobs}
              Hello:
                Type: AWS::Serverless::Function
                Properties:
                  FunctionName: !Sub hello-${Stage}
                  CodeUri: src/hello/
                  Handler: app.handler
                  Timeout: 3
                  SnapStart: {ApplyOn: PublishedVersions}
                  AutoPublishAlias: live
                  Environment:
                    Variables:
                      SHARED: two
                      QUEUE: !GetAtt Jobs.Arn
                  Layers: [!Sub "arn:${AWS::Partition}:lambda:${AWS::Region}:1:layer:x:1"]
                  FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ["*"]}}
                  Events:
                    Queue: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, BatchSize: 5}}
                    Web: {Type: Api, Properties: {Path: /, Method: get}}
                  VpcConfig: {}
              Table:
                Type: AWS::DynamoDB::Table
            """)
        let function = try #require(template.functions.first)
        #expect(template.functions.count == 1)
        #expect(function.name == "hello-test")
        #expect(function.code == "/project/src/hello")
        #expect(function.alias == "live" && function.publishes)
        let settings = try settings(function)
        #expect(settings["runtime"] as? String == "python3.11")
        #expect(settings["timeout"] as? Int == 3)
        #expect(settings["layers"] as? [String] == ["arn:aws:lambda:us-east-1:1:layer:x:1"])
        let environment = try #require(settings["environment"] as? [String: [String: String]])
        let queue = "arn:aws:sqs:us-east-1:123456789012:jobs"
        #expect(environment["variables"] == ["STAGE": "test", "SHARED": "two", "QUEUE": queue])
        #expect(function.url != nil)
        #expect(function.queues.map(\.eventSourceArn) == [queue])
        #expect(function.queues.first?.batchSize == 5)
        #expect(
            template.leftOut.sorted() == [
                "Hello: the event Web of type Api", "Hello: the property VpcConfig",
                "Table: resources of type AWS::DynamoDB::Table",
            ])
    }

    @Test func layersOfTheTemplateItself() throws {
        let template = try template(
            """
            Globals: {Function: {Layers: [!Ref Shared]}}
            Resources:
              Shared:
                Type: AWS::Serverless::LayerVersion
                Properties:
                  LayerName: shared-code
                  ContentUri: layers/shared
                  CompatibleRuntimes: [python3.11, python3.13]
                  Description: what all need
                  LicenseInfo: MIT
                  RetentionPolicy: Retain
                  Unheard: of
              Own: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: own.zip}}
              F:
                Type: AWS::Serverless::Function
                Properties: {CodeUri: ., Layers: [!Sub "${Own}", "arn:aws:lambda:us-east-1:1:layer:x:1"]}
            """)
        let (shared, own) = (try #require(template.layers.first), try #require(template.layers.last))
        #expect(shared.name == "shared-code" && shared.content == "/project/layers/shared")
        #expect(shared.settings.compatibleRuntimes == ["python3.11", "python3.13"])
        #expect(shared.settings.description == "what all need" && shared.settings.licenseInfo == "MIT")
        #expect(own.name == "Own" && own.content == "/project/own.zip" && own.reference != shared.reference)
        #expect(template.leftOut == ["Shared: the property Unheard"])
        var function = try #require(template.functions.first)
        function.resolve(layers: [shared.reference: "shared:7", own.reference: "own:1"])
        #expect(function.settings.layers == ["shared:7", "own:1", "arn:aws:lambda:us-east-1:1:layer:x:1"])
    }

    /// The long forms of JSON and of generated templates.
    @Test func longForms() throws {
        let template = try template(
            #"""
            {"Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {
              "CodeUri": ".", "Description": {"Fn::Sub": "of ${AWS::StackName}, not ${!this}"},
              "FunctionName": {"Ref": "Name"}}}}, "Parameters": {"Name": {"Type": "String", "Default": "f"}}}
            """#)
        let function = try #require(template.functions.first)
        #expect(function.name == "f")
        #expect(try settings(function)["description"] as? String == "of thaw, not ${this}")
        #expect(!function.publishes)
    }

    @Test(arguments: [
        "a: [", "", "Resources: {}", "Resources: {F: {Type: AWS::Serverless::Function}}",
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: !Ref Nothing}}}",
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: !ImportValue x}}}",
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Timeout: soon}}}",
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Layers: one}}}",
        "Resources: [1, 2]", "&a [*a]",
        "Resources: {L: {Type: AWS::Serverless::LayerVersion}, F: {Type: AWS::Serverless::Function, Properties: {CodeUri: .}}}",
    ])
    func whatCannotBeDeployed(_ text: String) {
        #expect(throws: TemplateError.self) { try template(text) }
    }
}
