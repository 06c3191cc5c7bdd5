namespace Quorleans.MapReduce;

/// <summary>The form of a record in an output file.</summary>
public enum OutputFormat
{
    /// <summary>The lab's: key, space, value, line feed.</summary>
    KeyValueLines,

    /// <summary>Key and value with nothing between, line feed.</summary>
    Lines,

    /// <summary>Key and value with nothing between or behind them: for records that bring their own frame.</summary>
    Raw,
}
