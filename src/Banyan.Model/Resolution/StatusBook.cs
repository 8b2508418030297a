namespace Banyan.Model;

/// <summary>Collects conditions and warnings while the objects are resolved.</summary>
internal sealed class StatusBook
{
    private readonly Dictionary<ObjectKey, List<Condition>> _conditions = [];
    private readonly Dictionary<ObjectKey, List<ParentStatus>> _parents = [];
    private readonly List<Problem> _warnings = [];

    public void Add(MeshObject item, string type, bool isTrue, string reason, string message) =>
        For(_conditions, item.Key).Add(new Condition(type, isTrue, reason, message, item.Metadata.Generation));

    public void Add(MeshObject route, ParentReference parent, EquatableList<Condition> conditions) =>
        For(_parents, route.Key).Add(new ParentStatus(parent, conditions));

    public void Warn(MeshObject item, string field, string message)
    {
        var warning = ProblemAt.Of(item, field, message);
        _warnings.Add(warning);
    }

    public IReadOnlyDictionary<ObjectKey, ObjectStatus> Statuses(IEnumerable<MeshObject> objects)
    {
        var result = new Dictionary<ObjectKey, ObjectStatus>();
        foreach (var item in objects)
        {
            result[item.Key] = new ObjectStatus
            {
                Conditions = _conditions.TryGetValue(item.Key, out var conditions) ? conditions.ToEquatableList() : [],
                Parents = _parents.TryGetValue(item.Key, out var parents) ? parents.ToEquatableList() : [],
            };
        }

        return result;
    }

    /// <summary>Each once, in the order of files and lines.</summary>
    public EquatableList<Problem> Warnings() => _warnings
        .Distinct()
        .OrderBy(w => w.File, StringComparer.Ordinal)
        .ThenBy(w => w.Line)
        .ThenBy(w => w.Column)
        .ThenBy(w => w.Field, StringComparer.Ordinal)
        .ToEquatableList();

    private static List<T> For<T>(Dictionary<ObjectKey, List<T>> book, ObjectKey key)
    {
        if (!book.TryGetValue(key, out var list))
        {
            book.Add(key, list = []);
        }

        return list;
    }
}
