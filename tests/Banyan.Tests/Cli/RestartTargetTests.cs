using Banyan.Cli;
using Banyan.Cli.Up;
using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Cli;

/// <summary>Which processes a word after <c>banyan restart</c> means.</summary>
public sealed class RestartTargetTests
{
    private static readonly ProcessPlan[] Plans =
    [
        new(
            Workload("shop", "shop", "monolith"),
            [Workload("payments-monolith", "payments", "monolith"), Workload("letters-monolith", "letters", "monolith")]),
        new(Workload("payments-v1", "payments", "v1"), []),
        new(Workload("payments-v2", "payments", "v2"), []),
        new(Workload("shoppers", "", ""), []),
        new(Workload("payments-eu", "payments", "v1", "eu"), []),
    ];

    [Theory]
    [InlineData("shop", "shop")]
    [InlineData("payments", "payments-v1 payments-v2 payments-eu")]
    [InlineData("payments", "payments-eu", "eu")]
    [InlineData("payments/v1", "payments-v1 payments-eu")]
    [InlineData("payments/monolith", "shop")]
    [InlineData("payments-monolith", "shop")]
    [InlineData("shop-monolith", "shop")]
    [InlineData("payments-v2", "payments-v2")]
    [InlineData("shoppers", "shoppers")]
    public void AWordMeansTheProcessesThatBelongToIt(string target, string expected, string? ns = null) => Assert.Equal(
        expected, string.Join(' ', RestartTarget.Choose(Plans, target, ns).Select(plan => plan.Owner.Metadata.Name)));

    [Theory]
    [InlineData("letters", null, "letters has no process of its own: letters-monolith runs in that of shop, which 'banyan restart shop' restarts")]
    [InlineData("pay", null, "no process of this mesh stands behind 'pay'; there are: payments, shop, shoppers")]
    [InlineData("payments/v9", null, "no process of this mesh stands behind 'payments/v9'; there are: payments, shop, shoppers")]
    [InlineData("shop", "eu", "no process of this mesh stands behind 'shop' in namespace eu; there are: payments")]
    [InlineData("/", null, "no process of this mesh stands behind '/'; there are: payments, shop, shoppers")]
    [InlineData("", null, "no process of this mesh stands behind ''; there are: payments, shop, shoppers")]
    public void WhatIsNotThereIsNamedWithWhatIs(string target, string? ns, string message) =>
        Assert.Equal(message, Assert.Throws<UserException>(() => RestartTarget.Choose(Plans, target, ns)).Message);

    private static Workload Workload(string name, string service, string version, string ns = "default") => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = ns },
        Spec = new WorkloadSpec { Service = service, Version = version, Run = new WorkloadRun { Command = "sh" } },
    };
}
