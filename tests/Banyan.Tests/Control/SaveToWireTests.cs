using System.Diagnostics;
using System.Globalization;
using System.Text;
using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>From saving a file to the answer at the proxy: settle, read, check, store, compile, diff, send.</summary>
public sealed class SaveToWireTests(ITestOutputHelper output)
{
    private const int Edits = 21;

    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Times are printed (run with <c>-showLiveOutput</c>). A small mesh keeps what is promised, a tenth of a second.
    /// For a large one what fails is the best of all edits, far above what is aimed at (40 ms): a machine that does
    /// other things beside it only ever adds.
    /// </summary>
    [Theory]
    [InlineData(2, 1, 100)]
    [InlineData(1000, 100, 5000)]
    public async Task AnEditIsOnTheWireSoon(int services, int files, int milliseconds)
    {
        await using var control = await TestControl.StartAsync(
            [.. Enumerable.Range(0, files).Select(file => ($"f{file:000}.yaml", Text(file, services / files, seconds: 1)))]);
        await using var client = await control.XdsAsync();
        client.Subscribe(XdsTypes.RouteConfiguration, "s0-0.default:80");
        await client.ReceiveAndAckAsync();
        List<double> times = [];
        for (var edit = 0; edit < Edits; edit++)
        {
            var text = Text(0, services / files, seconds: 2 + edit);
            var saved = Stopwatch.GetTimestamp();
            control.Replace("f000.yaml", text);
            var response = await client.ReceiveAsync();
            times.Add(Stopwatch.GetElapsedTime(saved).TotalMilliseconds);
            Assert.Equal("s0-0.default:80", Assert.Single(response.Resources).Name);
            client.Ack(response);
        }

        output.WriteLine(string.Join(' ', times.Select(time => time.ToString("0", CultureInfo.InvariantCulture))));
        times.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{services} services: best {times[0]:0.0}, median {times[Edits / 2]:0.0}, worst {times[^1]:0.0} ms"));
        Assert.InRange(times[0], Settle.TotalMilliseconds, 1000);
        Assert.InRange(times[Edits / 2], Settle.TotalMilliseconds, milliseconds);
    }

    /// <summary>Services with a workload, and a route of five rules each.</summary>
    private static string Text(int file, int services, int seconds)
    {
        var text = new StringBuilder();
        for (var i = 0; i < services; i++)
        {
            var name = $"s{file}-{i}";
            text.Append(CultureInfo.InvariantCulture, $$"""
                ---
                apiVersion: banyan.dev/v1alpha1
                kind: Workload
                metadata: {name: {{name}}-v1}
                spec: {service: {{name}}, version: v1, addresses: [10.0.0.1, 10.0.0.2], ports: [{name: http, port: 80, targetPort: 8080}]}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: {{name}} }
                spec:
                  parentRefs: [{group: "", kind: Service, name: {{name}} }]
                  rules:

                """);
            for (var rule = 0; rule < 5; rule++)
            {
                text.Append(CultureInfo.InvariantCulture, $$"""
                      - matches: [{path: {value: "/r{{rule}}"} }]
                        timeouts: {request: {{(i == 0 ? seconds : 1)}}s}

                    """);
            }
        }

        return text.ToString();
    }
}
