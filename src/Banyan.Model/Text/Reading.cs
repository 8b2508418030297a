using System.Globalization;
using System.Text;

namespace Banyan.Model.Text;

/// <summary>Collects the problems of one text and knows the path of the field being read.</summary>
internal sealed class Reading(string file)
{
    private readonly List<(string? Name, int Index)> _path = [];
    private readonly List<Problem> _problems = [];
    private int _untold;

    public string File { get; } = file;

    public bool HasProblems => _problems.Count > 0;

    public int Count => _problems.Count + _untold;

    public void Push(string name) => _path.Add((name, 0));

    public void Push(int index) => _path.Add((null, index));

    public void Pop() => _path.RemoveAt(_path.Count - 1);

    public string Path()
    {
        var path = new StringBuilder();
        foreach (var (name, index) in _path)
        {
            if (name is null)
            {
                path.Append('[').Append(index.ToString(CultureInfo.InvariantCulture)).Append(']');
                continue;
            }

            if (path.Length > 0)
            {
                path.Append('.');
            }

            path.Append(Quote.Shorten(name));
        }

        return path.ToString();
    }

    /// <summary>A problem of the field being read.</summary>
    public void Add(Node at, string message) => Add(at.Line, at.Column, message);

    /// <summary>A problem of a field below the one being read.</summary>
    public void Add(Node at, string child, string message)
    {
        Push(child);
        Add(at, message);
        Pop();
    }

    public void Add(int line, int column, string message)
    {
        if (_problems.Count < Limits.Problems)
        {
            _problems.Add(Problem(line, column, message));
        }
        else
        {
            _untold++;
        }
    }

    public void Add(Problem problem)
    {
        if (_problems.Count < Limits.Problems)
        {
            _problems.Add(problem);
        }
        else
        {
            _untold++;
        }
    }

    public Problem Problem(int line, int column, string message) => new(File, line, column, Path(), message);

    /// <summary>All of them in the order of the text.</summary>
    public EquatableList<Problem> Finish()
    {
        var sorted = _problems.OrderBy(p => p.Line).ThenBy(p => p.Column).ToList();
        if (_untold > 0)
        {
            sorted.Add(new Problem(File, sorted[^1].Line, sorted[^1].Column, "", $"and {_untold} more problems"));
        }

        return sorted.ToEquatableList();
    }
}
