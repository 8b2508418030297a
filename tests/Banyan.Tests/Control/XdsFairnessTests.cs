using System.Globalization;
using System.Text;
using Banyan.Testing;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>Who behaves badly delays nobody else.</summary>
public sealed class XdsFairnessTests
{
    private const string Target = "one.default:80";
    private const int Changes = 12;

    // With so many an answer fills what the transport would hold for a peer that does not read.
    private const int Matches = 60, Length = 1000;

    public static TheoryData<string> Manners => ["refuses", "says nothing", "does not read"];

    [Theory]
    [MemberData(nameof(Manners))]
    public async Task TheOthersLearnOfEveryChange(string manner)
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Mesh(0)));
        await using var bad = await control.XdsAsync("default/bad/0");
        await using var good = await control.XdsAsync("default/good/0");
        bad.Subscribe(Texts.Route, Target);
        good.Subscribe(Texts.Route, Target);
        await good.ReceiveAndAckAsync();
        using var cancel = new CancellationTokenSource();
        var behaving = BehaveAsync(bad, manner, cancel.Token);
        for (var change = 1; change <= Changes; change++)
        {
            control.Replace("mesh.yaml", Mesh(change));
            var answer = await good.ReceiveAndAckAsync();
            var routes = answer.Resources.Single().Resource_.Unpack<RouteConfiguration>();
            Assert.Equal($"default/route/change-{change}-0", routes.VirtualHosts[0].Routes[0].Name);
        }

        var status = await control.StatusAsync(
            each => each.Proxies.Any(proxy => proxy.Node == "default/good/0" && proxy.Synced), "the good one has all");
        Assert.Equal(manner == "refuses", status.Proxies.Single(proxy => proxy.Node == "default/bad/0").LastNack is not null);
        await cancel.CancelAsync();
        await behaving;
    }

    private static async Task BehaveAsync(XdsClient client, string manner, CancellationToken cancel)
    {
        switch (manner)
        {
            case "refuses":
                await RefuseAsync(client, cancel);
                break;
            case "does not read":
                // Nonces can be guessed: what is acknowledged unread is followed by more.
                for (var nonce = 1; nonce <= Changes; nonce++)
                {
                    client.Ack(new DeltaDiscoveryResponse { TypeUrl = Texts.Route, Nonce = $"{nonce}" });
                }

                break;
        }
    }

    private static async Task RefuseAsync(XdsClient client, CancellationToken cancel)
    {
        try
        {
            while (!cancel.IsCancellationRequested)
            {
                client.Nack(await client.ReceiveAsync().WaitAsync(cancel), "no");
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static string Mesh(int change)
    {
        var text = new StringBuilder(Texts.Workload("one"));
        text.Append("""
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: route}
            spec:
              parentRefs: [{group: "", kind: Service, name: one, port: 80}]
              rules:

            """);
        for (var rule = 0; rule < 2; rule++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: change-{change}-{rule}\n    matches:\n");
            for (var match = 0; match < Matches; match++)
            {
                var path = $"/{rule}/{match}/{new string('x', Length)}";
                text.Append(CultureInfo.InvariantCulture, $"    - path: {{type: PathPrefix, value: {path}}}\n");
            }

            text.Append("    backendRefs: [{name: one-v1, port: 80}]\n");
        }

        return text.ToString();
    }
}
