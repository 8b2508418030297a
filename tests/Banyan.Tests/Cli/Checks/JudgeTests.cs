using Banyan.Cli.Checks;
using Banyan.Model;
using Banyan.Tests.Model;
using Xunit;

namespace Banyan.Tests.Cli.Checks;

/// <summary>What a check comes to, by what was read.</summary>
public sealed class JudgeTests
{
    [Theory]
    [InlineData("{app: a, counter: ten, atLeast: 10}", true, "app a: ten = 10")]
    [InlineData("{app: a, counter: ten, atLeast: 10.5}", false, "app a: ten = 10 (wanted at least 10.5)")]
    [InlineData("{app: a, counter: ten, atMost: 10}", true, "app a: ten = 10")]
    [InlineData("{app: a, counter: ten, atMost: 9}", false, "app a: ten = 10 (wanted at most 9)")]
    [InlineData("{app: a, counter: ten, equals: 10}", true, "app a: ten = 10")]
    [InlineData("{app: a, counter: ten, equals: 0}", false, "app a: ten = 10 (wanted 0)")]
    [InlineData("{app: a, counter: ten, atLeast: 1, atMost: 9}", false, "app a: ten = 10 (wanted 1 to 9)")]
    [InlineData("{app: a, counter: gone, equals: 0}", false, "app a: gone = no such counter (wanted 0)")]
    [InlineData(
        "{app: a, counter: four, per: {app: a, counter: ten}, atMost: 0.4}", true, "app a: four = 4 per app a: ten = 10: 0.4")]
    [InlineData(
        "{app: a, counter: four, per: {app: a, counter: ten}, atMost: 0.3}",
        false,
        "app a: four = 4 per app a: ten = 10: 0.4 (wanted at most 0.3)")]
    [InlineData(
        "{app: a, counter: zero, per: {app: a, counter: zero}, atMost: 1}",
        false,
        "app a: zero = 0 per app a: zero = 0 (wanted at most 1)")]
    [InlineData(
        "{app: a, counter: gone, per: {app: a, counter: ten}, atMost: 1}",
        false,
        "app a: gone = no such counter per app a: ten = 10 (wanted at most 1)")]
    [InlineData(
        "{sidecar: s, metric: m_total, labels: {b: \"2\", a: \"1\"}, equals: 4}", true, "sidecar s: m_total{a=\"1\",b=\"2\"} = 4")]
    [InlineData("{app: a, counter: in.four, equals: 4}", true, "app a: in.four = 4")]
    [InlineData("{app: a, counter: in, equals: 4}", false, "app a: in = not a number (wanted 4)")]
    public void OneExpectation(string expectation, bool ok, string evidence) =>
        Assert.Equal(new Verdict("c", ok, evidence), Judge.Of(Check(expectation), Read));

    [Fact]
    public void AllMustHold() => Assert.Equal(
        new Verdict("c", false, "app a: ten = 10; app a: four = 4 (wanted 5)"),
        Judge.Of(Check("{app: a, counter: ten, equals: 10}, {app: a, counter: four, equals: 5}"), Read));

    [Fact]
    public void ANameHasItsNamespaceBeforeIt() => Assert.Equal(
        "shop/c", Judge.NameOf(Check("{app: a, counter: ten, equals: 10}", "shop")));

    [Theory]
    [InlineData("{app: web, counter: x, equals: 0}")]
    [InlineData("{app: guest, port: side, counter: x, equals: 0}")]
    [InlineData("{sidecar: calls, metric: x, equals: 0}")]
    [InlineData("{app: wib, counter: x, equals: 0}", "f.yaml:1:91: spec.expect[0].app: no Workload wib is run from these files (did you mean web)")]
    [InlineData("{sidecar: far, metric: x, equals: 0}", "f.yaml:1:95: spec.expect[0].sidecar: no Workload far is run from these files")]
    [InlineData("{app: calls, counter: x, equals: 0}", "f.yaml:1:91: spec.expect[0].app: Workload calls has no port to ask for counters")]
    [InlineData("{app: web, port: sid, counter: x, equals: 0}", "f.yaml:1:102: spec.expect[0].port: Workload web has no port sid (did you mean side)")]
    [InlineData(
        "{app: web, counter: x, per: {app: w3, counter: x}, equals: 0}",
        "f.yaml:1:119: spec.expect[0].per.app: no Workload w3 is run from these files")]
    public void WhatIsReadMustRun(string expectation, params string[] problems)
    {
        const string Workloads =
            """
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web},
             spec: {service: web, ports: [{name: http, port: 80}, {name: side, port: 81}], run: {command: x}}}
            ---
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: guest},
             spec: {service: guest, process: web, ports: [{name: http, port: 80}]}}
            ---
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: calls}, spec: {run: {command: x}}}
            ---
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: far},
             spec: {service: far, ports: [{port: 80}], addresses: [10.0.0.1]}}
            """;
        var objects = Configs.Objects($"{Text(expectation, "")}\n---\n{Workloads}", "f.yaml");
        Assert.Equal(problems, CheckTargets.Problems([.. objects]).Select(problem => $"{problem}"));
    }

    private static string Text(string expectation, string ns) =>
        $"{{apiVersion: banyan.dev/v1alpha1, kind: Check, metadata: {{name: c{ns}}}, spec: {{expect: [{expectation}]}}}}";

    private static Check Check(string expectation, string ns = "") => Assert.IsType<Check>(
        Assert.Single(Configs.Objects(Text(expectation, ns.Length == 0 ? "" : $", namespace: {ns}"), "f.yaml")));

    private static Reading Read(CounterReference counter) => counter.Sidecar.Length > 0
        ? MetricsText.Parse("m_total{a=\"1\",b=\"2\",c=\"3\"} 4").Sum(counter.Metric, counter.Labels)
        : CounterText.Find("""{"ten": 10, "four": 4, "zero": 0, "in": {"four": 4}}""", counter.Counter);
}
