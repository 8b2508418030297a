using System.Globalization;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Makes problems of objects that have been read already, at the place of one of their fields.</summary>
internal static class ProblemAt
{
    /// <param name="item">The object.</param>
    /// <param name="field">Path of the field, for example <c>spec.rules[0].backendRefs[1]</c>.</param>
    /// <param name="message">What is wrong.</param>
    public static Problem Of(MeshObject item, string field, string message)
    {
        var origin = item.Origin;
        Node? found = origin.Document is null ? null : Find(origin.Document, field);
        var path = origin.Prefix.Length == 0 ? field : field.Length == 0 ? origin.Prefix : $"{origin.Prefix}.{field}";
        return new Problem(origin.File, found?.Line ?? origin.Line, found?.Column ?? origin.Column, path, message);
    }

    /// <summary>Where an object stands, for a message about another one.</summary>
    public static string Place(MeshObject item) =>
        item.File.Length == 0 ? "another source" : $"{item.File}:{item.Line}";

    /// <summary>The node at the path, or the last one that exists on the way to it.</summary>
    private static Node Find(Node node, string path)
    {
        foreach (var range in path.AsSpan().SplitAny('.', '['))
        {
            var step = path.AsSpan()[range].TrimEnd(']');
            Node? next = node switch
            {
                MapNode map => map.Find(step.ToString()),
                ListNode list when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < list.Items.Count => list.Items[i],
                _ => null,
            };
            if (next is null)
            {
                break;
            }

            node = next;
        }

        return node;
    }
}
