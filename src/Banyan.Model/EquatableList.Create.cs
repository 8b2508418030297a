namespace Banyan.Model;

/// <summary>Ways to make an <see cref="EquatableList{T}"/>.</summary>
public static class EquatableList
{
    /// <summary>A list of these elements (collection expressions use this).</summary>
    public static EquatableList<T> Create<T>(ReadOnlySpan<T> items) =>
        items.IsEmpty ? EquatableList<T>.Empty : new EquatableList<T>(items.ToArray());

    /// <summary>A list of these elements.</summary>
    public static EquatableList<T> ToEquatableList<T>(this IEnumerable<T> items) => Own(items.ToArray());

    /// <summary>A list over this very array, which the caller gives away.</summary>
    public static EquatableList<T> Own<T>(T[] items) =>
        items.Length == 0 ? EquatableList<T>.Empty : new EquatableList<T>(items);
}
