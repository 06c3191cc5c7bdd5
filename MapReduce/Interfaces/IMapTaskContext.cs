namespace Quorleans.MapReduce;

/// <summary>A map task's context: where the record comes from.</summary>
public interface IMapTaskContext : ITaskContext
{
    /// <summary>The full path of the file that the record lies in.</summary>
    string InputPath { get; }

    /// <summary>The offset in bytes at which the record begins in the file.</summary>
    long Position { get; }
}
