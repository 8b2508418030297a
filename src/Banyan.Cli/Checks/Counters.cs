using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Model;

namespace Banyan.Cli.Checks;

/// <summary>One reading of a mesh: everybody is asked once, however many checks want to know.</summary>
internal sealed class Counters
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly HttpClient Direct = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
    {
        Timeout = Patience,
    };

    private readonly Dictionary<(string Node, string Place), (string? Text, string Trouble)> _texts = [];
    private readonly Dictionary<string, MetricsText> _metrics = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Workload), List<Replica>> _replicas = [];

    private Counters()
    {
    }

    /// <summary>Asks everybody whom the checks are about. Who does not answer is part of the result.</summary>
    public static async Task<Counters> ReadAsync(
        Supervisor supervisor, IReadOnlyList<Check> checks, CancellationToken cancel)
    {
        var counters = new Counters();
        var asked = new Dictionary<(string Node, string Place), Task<(string? Text, string Trouble)>>();
        foreach (var (check, counter) in checks.SelectMany(References))
        {
            var key = (check.Metadata.Namespace, counter.Workload);
            if (!counters._replicas.TryGetValue(key, out var replicas))
            {
                counters._replicas.Add(key, replicas = [.. supervisor.Replicas(key.Namespace, key.Workload)]);
            }

            foreach (var replica in replicas)
            {
                var place = Place(replica, counter);
                if (!asked.ContainsKey((replica.NodeId, place)))
                {
                    asked.Add((replica.NodeId, place), AskAsync(replica, counter, place, cancel));
                }
            }
        }

        foreach (var (key, answer) in asked)
        {
            counters._texts.Add(key, await answer);
        }

        return counters;
    }

    /// <summary>The sum of a counter over its replicas.</summary>
    public Reading Of(Check check, CounterReference counter)
    {
        var replicas = _replicas[(check.Metadata.Namespace, counter.Workload)];
        var sum = 0.0;
        foreach (var replica in replicas)
        {
            var reading = Of(replica, counter);
            if (reading.Value is not { } value)
            {
                return reading;
            }

            sum += value;
        }

        return replicas.Count == 0 ? Reading.Failed("it does not run") : Reading.Of(sum);
    }

    private static IEnumerable<(Check Check, CounterReference Counter)> References(Check check) =>
        from expectation in check.Spec.Expect
        from counter in new[] { expectation.Counter, expectation.Per }.OfType<CounterReference>()
        select (check, counter);

    private static string Place(Replica replica, CounterReference counter)
    {
        if (counter.Sidecar.Length > 0)
        {
            return "metrics";
        }

        var ports = replica.Ports.App;
        var port = ports.FirstOrDefault(port => port.Name == counter.Port, ports.FirstOrDefault()).Port;
        return $"http://127.0.0.1:{port}{counter.Path}";
    }

    private static async Task<(string? Text, string Trouble)> AskAsync(
        Replica replica, CounterReference counter, string place, CancellationToken cancel)
    {
        using var admin = counter.Sidecar.Length > 0 ? UnixHttp.Create(replica.AdminSocket, Patience) : null;
        try
        {
            return (await (admin ?? Direct).GetStringAsync(new Uri(place, UriKind.RelativeOrAbsolute), cancel), "");
        }
        catch (HttpRequestException exception)
        {
            var answer = exception.StatusCode is { } status ? $"answers {(int)status}" : "is not answered";
            return (null, $"GET {place} {answer}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (null, $"GET {place} is not answered within {Patience.TotalSeconds:0} s");
        }
    }

    private Reading Of(Replica replica, CounterReference counter)
    {
        var place = Place(replica, counter);
        if (!_texts.TryGetValue((replica.NodeId, place), out var answer) || answer.Text is null)
        {
            return Reading.Failed(answer.Trouble ?? "it was restarted meanwhile");
        }

        if (counter.Sidecar.Length == 0)
        {
            return CounterText.Find(answer.Text, counter.Counter);
        }

        if (!_metrics.TryGetValue(replica.NodeId, out var metrics))
        {
            _metrics.Add(replica.NodeId, metrics = MetricsText.Parse(answer.Text));
        }

        return metrics.Sum(counter.Metric, counter.Labels);
    }
}
