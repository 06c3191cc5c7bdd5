using System.Globalization;

namespace Quorleans.MapReduce;

/// <summary>The application's arguments, by name. They are fixed for the whole job and may be read by all its tasks.</summary>
public sealed class JobArguments
{
    private readonly Dictionary<string, string> _values;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <param name="values">The arguments; none by default.</param>
    public JobArguments(IEnumerable<KeyValuePair<string, string>>? values = null) =>
        _values = new Dictionary<string, string>(values ?? [], StringComparer.Ordinal);

    /// <summary>Those that nobody asked for so far, sorted: most likely misspelt.</summary>
    public IReadOnlyList<string> Unknown
    {
        get
        {
            lock (_lock) return [.. _values.Keys.Where(name => !_asked.Contains(name)).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>An argument, or null when it was not given.</summary>
    public string? Find(string name)
    {
        lock (_lock) _asked.Add(name);
        return _values.GetValueOrDefault(name);
    }

    /// <summary>An argument that must be there.</summary>
    /// <exception cref="JobArgumentException">It was not given.</exception>
    public string Require(string name) =>
        Find(name) ?? throw new JobArgumentException($"the application needs the argument {name}: --arg {name}=VALUE");

    /// <summary>A whole number within bounds.</summary>
    /// <exception cref="JobArgumentException">It is no such number.</exception>
    public int Number(string name, int otherwise, int minimum = 0, int maximum = int.MaxValue)
    {
        if (Find(name) is not { } text) return otherwise;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= minimum && number <= maximum) return number;
        throw new JobArgumentException(string.Create(CultureInfo.InvariantCulture, $"the argument {name} must be a whole number from {minimum} to {maximum}; \"{text}\" is not"));
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    /// <exception cref="JobArgumentException">It is neither.</exception>
    public bool Flag(string name) => Find(name) switch
    {
        null or "false" => false,
        "true" => true,
        { } text => throw new JobArgumentException($"the argument {name} must be true or false; \"{text}\" is not"),
    };
}
