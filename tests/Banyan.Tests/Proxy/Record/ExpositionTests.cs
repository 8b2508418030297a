using System.Buffers;
using System.Diagnostics;
using System.Text;
using Banyan.Proxy;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Record.Render;
using Banyan.Wire.Http1;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Record;

public sealed class ExpositionTests
{
    private readonly MetricsShards _metrics = new(1);

    [Fact]
    public void DurationsHaveTheNamesAndLabelsOfTheConventions()
    {
        var key = EdgeKey.Client(EdgeTests.Target("payments", "default/pay/0"), 0, EdgeTests.Endpoint("v1"), RequestMethod.Get, 200);
        _metrics.Shards[0].Edge(key).Record(4_000);
        _metrics.Shards[0].Edge(key).Record(30_000);

        var text = Render(ExpositionFormat.Text);

        const string Labels = """
            http_request_method="GET",http_response_status_code="200",http_route="default/pay/0",server_address="payments.default",server_port="80",source_workload="web",source_namespace="default",destination_service="payments",destination_namespace="default",destination_workload="payments-v1",destination_version="v1",mtls="false"
            """;
        Assert.Contains("# TYPE http_client_request_duration_seconds histogram\n", text, StringComparison.Ordinal);
        Assert.Contains($$"""http_client_request_duration_seconds_bucket{{{Labels}},le="0.005"} 1""" + "\n", text, StringComparison.Ordinal);
        Assert.Contains($$"""http_client_request_duration_seconds_bucket{{{Labels}},le="0.05"} 2""" + "\n", text, StringComparison.Ordinal);
        Assert.Contains($$"""http_client_request_duration_seconds_bucket{{{Labels}},le="+Inf"} 2""" + "\n", text, StringComparison.Ordinal);
        Assert.Contains($$"""http_client_request_duration_seconds_sum{{{Labels}}} 0.034""" + "\n", text, StringComparison.Ordinal);
        Assert.Contains($$"""http_client_request_duration_seconds_count{{{Labels}}} 2""" + "\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCounterIsDeclared()
    {
        _metrics.Shards[0].Counters[(int)Counter.Retries] = 7;
        var text = Render(ExpositionFormat.Text);
        foreach (var counter in Enum.GetValues<Counter>())
        {
            var declaration = Counters.Of(counter);
            Assert.StartsWith("banyan_", declaration.Name, StringComparison.Ordinal);
            var suffix = declaration.Kind == CounterKind.Counter ? "_total" : "";
            Assert.Contains($"\n{declaration.Name}{suffix} ", text, StringComparison.Ordinal);
        }

        Assert.Contains("\nbanyan_retries_total 7\n", text, StringComparison.Ordinal);
        Assert.Equal(Counters.Count, Enum.GetValues<Counter>().Length);
    }

    [Fact]
    public void LabelValuesAreEscaped() =>
        Assert.Equal("""a\\b\"c\nd""", ExpositionWriter.Escape("a\\b\"c\nd"));

    [Fact]
    public void OpenMetricsNamesFamiliesWithoutTotalAndEnds()
    {
        var text = Render(ExpositionFormat.OpenMetrics);
        Assert.Contains("# TYPE banyan_retries counter\nbanyan_retries_total 0\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\n# EOF\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFoldedRestIsCalledOther()
    {
        var target = EdgeTests.Target("rest");
        for (var status = 1; status <= EdgeCatalog.Limit + 1; status++)
        {
            _metrics.Shards[0].Edge(EdgeKey.Client(target, 0, null, RequestMethod.Get, status)).Record(1);
        }

        var lines = Render(ExpositionFormat.Text).Split('\n').Where(l => l.Contains("_count{", StringComparison.Ordinal)).ToArray();
        Assert.Equal(EdgeCatalog.Limit + 1, lines.Length);
        Assert.Contains("destination_service=\"other\"", Assert.Single(lines, l => l.Contains("http_route=\"other\"", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryMetricHasALineInTheReference()
    {
        var reference = File.ReadAllLines(Repository.File("docs/reference/metrics.md"));
        foreach (var line in Render(ExpositionFormat.OpenMetrics).Split('\n'))
        {
            if (line.Split(' ') is ["#", "TYPE", var name, var type])
            {
                Assert.Contains(reference, row => row.StartsWith($"| `{name}` | {type} |", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void RelayedConnectionsHaveTheirEndsAsLabels()
    {
        var destination = EdgeTests.Target("cache").EdgeLabel;
        var cell = _metrics.Shards[0].Tcp.Of(new TcpKey(EdgeDirection.Client, destination, EdgeLabels.Workload("cache-v1", "v1")));
        cell.Opened();
        cell.Opened();
        cell.Moved(toDestination: true, 7);
        cell.Closed(PumpEnd.Idle, 1_500_000);
        cell.Failed(Failure.ConnectFailed);
        var text = Render(ExpositionFormat.Text);
        const string Ends = "source_workload=\"web\",source_namespace=\"default\",destination_service=\"cache\"";
        foreach (var expected in (string[])
            ["opened_total{|} 2", "active{|} 1", "closed_total{|,end=\"idle\"} 1"])
        {
            var parts = expected.Split('|');
            Assert.Contains(text.Split('\n'), line => line.StartsWith($"banyan_tcp_connections_{parts[0]}direction=\"client\"", StringComparison.Ordinal)
                && line.Contains(Ends, StringComparison.Ordinal) && line.EndsWith(parts[1], StringComparison.Ordinal));
        }

        Assert.Contains("destination_version=\"v1\",mtls=\"false\",to=\"destination\"} 7\n", text, StringComparison.Ordinal);
        Assert.Contains("mtls=\"false\",error=\"connect-failed\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("mtls=\"false\",le=\"1.0\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("mtls=\"false\",le=\"5.0\"} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void RelayedConnectionsBeyondTheLimitFold()
    {
        for (var workload = 0; workload <= LabelLimit<TcpKey>.Limit; workload++)
        {
            _metrics.Shards[0].Tcp.Of(new TcpKey(EdgeDirection.Server, 0, EdgeLabels.Workload($"w{workload}", ""))).Opened();
        }

        var lines = Render(ExpositionFormat.Text).Split('\n')
            .Where(line => line.StartsWith("banyan_tcp_connections_opened_total{", StringComparison.Ordinal)).ToArray();
        Assert.Equal(LabelLimit<TcpKey>.Limit + 1, lines.Length);
        Assert.Single(lines, line => line.Contains("direction=\"other\"", StringComparison.Ordinal));
    }

    /// <summary>Prometheus' own linter, where it is installed.</summary>
    [Fact]
    public async Task PromtoolHasNothingToSay()
    {
        if (!File.Exists("/usr/bin/promtool"))
        {
            Assert.Skip("promtool is not installed (Debian: prometheus)");
        }

        _metrics.Shards[0].Edge(EdgeKey.Client(EdgeTests.Target("pa\"y"), 0, null, RequestMethod.Get, 200)).Record(1);
        using var promtool = Process.Start(new ProcessStartInfo("/usr/bin/promtool", ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        await promtool.StandardInput.WriteAsync(Render(ExpositionFormat.Text));
        promtool.StandardInput.Close();
        var said = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        Assert.Equal((0, ""), (promtool.ExitCode, said));
    }

    private string Render(ExpositionFormat format)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(buffer, format);
        EdgeMetrics.Write(writer, EdgeTotals.Collect(_metrics), new NodeName("default", "web", 0));
        TcpMetrics.Write(writer, _metrics, new NodeName("default", "web", 0));
        ReactorMetrics.Write(writer, _metrics);
        HealthMetrics.Write(writer, checkers: null);
        ProcessMetrics.Write(writer, DateTimeOffset.UnixEpoch);
        writer.End();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
