using Banyan.Proxy.Tls;
using Banyan.Testing;
using Banyan.Tests.Control.Identity;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>The rules by which somebody is refused, as one table: each has a case of its own, with its reason and its count.</summary>
public sealed class RefusalTableTests
{
    /// <summary>Reasons that are no rule about a peer but what happens to a connection.</summary>
    private static readonly string[] Accidents = ["none", "refused-by-peer", "lost", "timeout", "flood"];

    /// <summary>Room, case and reason; the cases are run by the test classes that hold them.</summary>
    private static IEnumerable<(string Room, string Name, string Reason)> Rules =>
    [
        .. RefusalCases.All.Concat(RefusalCases.Chains).Select(each => ("peer", each.Name, each.Refusal.Label())),
        .. RefusalTests.Foreign.Select(each => ("client", each.Name, each.Reason)),
        .. StrictPortTests.Cases.Select(each => ("strict port", each.Name, each.Reason)),
        ("denied", "a handshake", TlsRefusal.Denied.Label()),
        ("denied", "a resumed session", TlsRefusal.Denied.Label()),
        ("denied", "a connection that is open", TlsRefusal.Denied.Label()),
        ("called", "another service's workload", TlsRefusal.UnexpectedPeer.Label()),
        .. RefusedTests.Rules.Select(each => ("certify", each.Name, each.Reason)),
        .. SpoofedFieldTests.Fields.Select(each => ("field", each, "removed")),
        .. AuthorizationHopTests.Tricks.Select(each => ("path", each.Path, each.Error)),
    ];

    [Fact]
    public void ThereAreEnoughOfThem()
    {
        Assert.Equal(Rules.Count(), Rules.Distinct().Count());
        Assert.InRange(Rules.Count(), 120, int.MaxValue);
    }

    [Fact]
    public void NoReasonIsWithoutACase() => Assert.Empty(
        TlsRefusals.Labels.Except(Accidents).Except(Rules.Select(rule => rule.Reason)));

    [Fact]
    public void EveryReasonIsDocumented()
    {
        var text = File.ReadAllText(Repository.File("docs", "reference", "identity.md"));
        Assert.All(TlsRefusals.Labels.Skip(1), label => Assert.Contains($"`{label}`", text, StringComparison.Ordinal));
    }
}
