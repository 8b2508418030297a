namespace Banyan.Model;

/// <summary>Who came first: the order in which conflicts are decided.</summary>
internal static class Age
{
    /// <summary>Older first; objects without a time (not stored yet) last; ties by namespace and name.</summary>
    public static int Compare(ObjectMeta a, ObjectMeta b)
    {
        var order = (a.CreationTimestamp ?? DateTimeOffset.MaxValue).CompareTo(b.CreationTimestamp ?? DateTimeOffset.MaxValue);
        order = order != 0 ? order : string.CompareOrdinal(a.Namespace, b.Namespace);
        return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
    }
}
