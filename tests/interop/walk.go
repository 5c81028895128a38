// The claim tutorial's control plane and one refusal, with the AWS SDK for Go v1 as the distribution
// has it.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/iam"
	"github.com/aws/aws-sdk-go/service/iot"
	"github.com/aws/aws-sdk-go/service/lambda"
	"github.com/aws/aws-sdk-go/service/sts"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	endpoint, name, trust, policy, template := os.Args[1], &os.Args[2], &os.Args[3], &os.Args[4], &os.Args[5]
	opened := session.Must(session.NewSession(&aws.Config{Endpoint: &endpoint}))
	things, identities := iot.New(opened), iam.New(opened)
	caller, err := sts.New(opened).GetCallerIdentity(&sts.GetCallerIdentityInput{})
	must(err)
	found, err := things.DescribeEndpoint(&iot.DescribeEndpointInput{EndpointType: aws.String("iot:Data-ATS")})
	must(err)
	made, err := identities.CreateRole(&iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust})
	must(err)
	_, err = identities.AttachRolePolicy(&iam.AttachRolePolicyInput{
		RoleName:  name,
		PolicyArn: aws.String("arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration"),
	})
	must(err)
	_, err = things.CreatePolicy(&iot.CreatePolicyInput{PolicyName: name, PolicyDocument: policy})
	must(err)
	claim, err := things.CreateKeysAndCertificate(&iot.CreateKeysAndCertificateInput{SetAsActive: aws.Bool(true)})
	must(err)
	_, err = things.AttachPolicy(&iot.AttachPolicyInput{PolicyName: name, Target: claim.CertificateArn})
	must(err)
	_, err = things.CreateProvisioningTemplate(&iot.CreateProvisioningTemplateInput{
		TemplateName:        name,
		Enabled:             aws.Bool(true),
		ProvisioningRoleArn: made.Role.Arn,
		TemplateBody:        template,
	})
	must(err)
	described, err := things.DescribeProvisioningTemplate(&iot.DescribeProvisioningTemplateInput{TemplateName: name})
	must(err)
	_, err = lambda.New(opened).ListFunctions(&lambda.ListFunctionsInput{})
	must(err)
	refused := "none"
	_, err = things.DescribeThing(&iot.DescribeThingInput{ThingName: aws.String(*name + "-nobody")})
	if refusal, is := err.(awserr.Error); is {
		refused = refusal.Code()
	}
	result, err := json.Marshal(map[string]any{
		"version":   aws.SDKVersion,
		"account":   *caller.Account,
		"endpoint":  *found.EndpointAddress != "",
		"key":       strings.HasPrefix(*claim.KeyPair.PrivateKey, "-----BEGIN"),
		"template":  *described.Enabled,
		"functions": true,
		"refused":   refused,
	})
	must(err)
	fmt.Println(string(result))
}
