using Banyan.Model;
using Banyan.Xds;

namespace Banyan.Control.Reports;

/// <summary>The matrix as the sidecars of those who were called saw it: they decide who may call. Pure.</summary>
internal sealed class SeenCalls
{
    /// <summary>What stands for label sets beyond a limit.</summary>
    private const string Beyond = "other";

    private const int Unauthorized = 401, Forbidden = 403, PermissionDenied = 7, Unauthenticated = 16;

    private static readonly string[] Methods =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

    private SeenCalls(IReadOnlyList<SeenCall> calls, long folded) => (Calls, Folded) = (calls, folded);

    /// <summary>By who was called, then who called.</summary>
    public IReadOnlyList<SeenCall> Calls { get; }

    /// <summary>Calls beyond the limit of label sets: nobody knows whose.</summary>
    public long Folded { get; }

    /// <summary>Finds them.</summary>
    /// <param name="edges">The matrix; by hours where days are to be counted.</param>
    /// <param name="since">What was last seen before it does not count.</param>
    /// <param name="routes">The paths of routes' rules.</param>
    public static SeenCalls Of(
        IEnumerable<KeyValuePair<EdgeIdentity, EdgeSum>> edges,
        DateTimeOffset since,
        IReadOnlyDictionary<string, EquatableList<PathTemplate>> routes)
    {
        var from = since.ToUnixTimeMilliseconds();
        var counted = edges.Where(each => each.Value.Count > 0 && each.Value.LastSeen >= from).ToList();
        var arrived = counted.Where(each => each.Key.Direction == (int)EdgeRecord.Types.Direction.Server).ToList();
        var folded = arrived.Where(each => each.Key.Service == Beyond && each.Key.Workload == Beyond).ToList();
        var callers = PlaintextCallers.Of(counted, since);
        var told = new ToldRoutes(counted, routes);
        var calls = arrived.Except(folded).Where(each => each.Key.Service.Length > 0)
            .GroupBy(each => (
                each.Key.Namespace,
                each.Key.Service,
                each.Key.Port,
                each.Key.Workload,
                each.Key.SourceIdentity,
                Protocol: Protocol(each.Key),
                Method: Methods.Contains(each.Key.Method, StringComparer.Ordinal) ? each.Key.Method : ""))
            .OrderBy(each => each.Key)
            .Select(each => new SeenCall
            {
                Caller = each.Key.SourceIdentity,
                CallerNames = each.Key.SourceIdentity.Length == 0
                    && callers.GetValueOrDefault((each.Key.Namespace, each.Key.Service, each.Key.Port)) is { } named
                        ? string.Join(", ", named)
                        : "",
                Namespace = each.Key.Namespace,
                Service = each.Key.Service,
                Workload = each.Key.Workload,
                Port = each.Key.Port,
                Protocol = each.Key.Protocol,
                Method = each.Key.Method,
                Paths = each.Key.Protocol == SeenProtocol.Tcp
                    ? []
                    : told.Paths(each.Key.SourceIdentity, each.Key.Namespace, each.Key.Workload, each.Key.Method),
                Count = each.Sum(edge => edge.Value.Count),
                FirstSeen = Time(each.Min(edge => edge.Value.FirstSeen)),
                LastSeen = Time(each.Max(edge => edge.Value.LastSeen)),
                Days = each.Select(edge => edge.Key.Hour / 24).Distinct().Count(),
                OnlyRefused = each.All(edge => IsRefusal(edge.Key)),
            });
        return new SeenCalls([.. calls], folded.Sum(each => each.Value.Count));
    }

    private static SeenProtocol Protocol(EdgeIdentity edge) => (EdgeRecord.Types.Protocol)edge.Protocol switch
    {
        EdgeRecord.Types.Protocol.Tcp => SeenProtocol.Tcp,
        EdgeRecord.Types.Protocol.Grpc => SeenProtocol.Grpc,
        _ => SeenProtocol.Http,
    };

    private static bool IsRefusal(EdgeIdentity edge) =>
        edge.Status is Unauthorized or Forbidden || edge.GrpcStatus is PermissionDenied or Unauthenticated;

    private static DateTimeOffset Time(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(unixMs);

    /// <summary>Which routes callers took to a workload, as their own sidecars tell it.</summary>
    private sealed class ToldRoutes
    {
        private readonly Dictionary<(string, string, string, string), (long Arrived, List<EdgeIdentity> Routes)> _told;
        private readonly IReadOnlyDictionary<string, EquatableList<PathTemplate>> _paths;

        public ToldRoutes(
            List<KeyValuePair<EdgeIdentity, EdgeSum>> edges,
            IReadOnlyDictionary<string, EquatableList<PathTemplate>> paths)
        {
            _paths = paths;
            _told = edges
                .Where(each => each.Key.SourceIdentity.Length > 0
                    && each.Key.Protocol != (int)EdgeRecord.Types.Protocol.Tcp)
                .GroupBy(each =>
                    (each.Key.SourceIdentity, each.Key.Namespace, each.Key.Workload, each.Key.Method))
                .ToDictionary(each => each.Key, each => (Unexplained(each), Routes(each)));
        }

        /// <summary>Empty when one of the calls may have had another path.</summary>
        public EquatableList<PathTemplate> Paths(string caller, string scope, string workload, string method)
        {
            if (!_told.TryGetValue((caller, scope, workload, method), out var told) || told.Arrived > 0
                || !told.Routes.TrueForAll(each => _paths.ContainsKey(each.Route)))
            {
                return [];
            }

            return told.Routes.SelectMany(each => _paths[each.Route]).Distinct()
                .OrderBy(each => each.Path, StringComparer.Ordinal).ToEquatableList();
        }

        private static List<EdgeIdentity> Routes(IEnumerable<KeyValuePair<EdgeIdentity, EdgeSum>> edges) =>
            [.. edges.Select(each => each.Key).Where(each => each.Direction == (int)EdgeRecord.Types.Direction.Client)];

        /// <summary>Calls that arrived and that no caller's sidecar tells of.</summary>
        private static long Unexplained(IEnumerable<KeyValuePair<EdgeIdentity, EdgeSum>> edges) => edges.Sum(each =>
            each.Key.Direction == (int)EdgeRecord.Types.Direction.Server ? each.Value.Count : -each.Value.Count);
    }
}
